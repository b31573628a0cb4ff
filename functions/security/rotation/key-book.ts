import { textOf, type StoredItem } from '#platform/aws/attributes.ts';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';

/** What can become of a key, in the order in which it does. `begun`: its rotation is about to mint it, and it has no id yet. */
export type KeyEventKind = 'begun' | 'minted' | 'abandoned' | 'promoted' | 'retired' | 'revoked';

/** A line of the book: what became of a key, in which rotation, and when. Never its value. */
export interface KeyEvent {
  readonly kind: KeyEventKind;
  /** Of a rotation that has only begun, the rotation. */
  readonly keyId: string;
  readonly secretId: string;
  readonly project: string;
  /** The rotation: the id of the version that it makes. */
  readonly rotation: string;
  readonly atMs: number;
  /** Of a retired key: from when on it may be revoked. */
  readonly revokeAtMs?: number;
}

/**
 * The rotation ledger: which key belongs to which secret and project, and its dates. Append-only lines in the ledger's table, in a
 * partition a secret, which no report of calls ever reads.
 */
export interface KeyBook {
  /** Puts a line; the same once more changes nothing. */
  record(event: KeyEvent): Promise<void>;
  /** All lines of a secret, by key id. */
  of(secretId: string): Promise<ReadonlyMap<string, readonly KeyEvent[]>>;
}

export function createKeyBook(dynamo: DynamoDb, table: string): KeyBook {
  return {
    async record(event) {
      const { kind, keyId, secretId, project, rotation, atMs, revokeAtMs } = event;
      await dynamo.put(
        table,
        {
          pk: partitionOf(secretId),
          sk: `${keyId}#${kind}#${rotation}`,
          kind,
          keyId,
          project,
          rotation,
          at: new Date(atMs).toISOString(),
          ...(revokeAtMs !== undefined && { revokeAt: new Date(revokeAtMs).toISOString() }),
        },
        { condition: 'attribute_not_exists(pk)' },
      );
    },
    async of(secretId) {
      const lines = dynamo.query(table, 'pk = :pk', { values: { ':pk': partitionOf(secretId) } });
      const events = (await Array.fromAsync(lines)).map((item) => toEvent(secretId, item));
      return Map.groupBy(events, ({ keyId }) => keyId);
    },
  };
}

function partitionOf(secretId: string): string {
  return `key-rotation#${secretId}`;
}

function toEvent(secretId: string, item: StoredItem): KeyEvent {
  const revokeAt = item['revokeAt'];
  return {
    kind: textOf(item, 'kind') as KeyEventKind,
    keyId: textOf(item, 'keyId'),
    secretId,
    project: textOf(item, 'project'),
    rotation: textOf(item, 'rotation'),
    atMs: Date.parse(textOf(item, 'at')),
    ...(typeof revokeAt === 'string' && { revokeAtMs: Date.parse(revokeAt) }),
  };
}
