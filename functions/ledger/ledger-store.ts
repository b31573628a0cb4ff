import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import { integerOf, textOf, type StoredItem } from '#platform/aws/attributes.ts';
import type { Log } from '#platform/log.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { fromItem, toItem } from './entry-item.ts';
import type { LedgerEntry } from './entry.ts';
import { daysBetween, ledgerKey, partitionKey } from './ledger-key.ts';

/** A later fact about a call that already has its entry. Counters follow it by the sweeper alone. */
export interface Adjustment {
  readonly callId: string;
  readonly endpoint: string;
  readonly deltaPico: bigint;
  /** What the fact changes about the part of the cost that nobody could confirm. */
  readonly unknownDeltaPico: bigint;
  readonly basis: string;
}

export type LedgerRow =
  | { readonly kind: 'entry'; readonly entry: LedgerEntry }
  | { readonly kind: 'adjustment'; readonly adjustment: Adjustment };

/** The append-only ledger: nothing in it is ever changed or deleted. */
export interface LedgerStore {
  /**
   * Puts the entry of a call, if it has none. When someone else's stands already (a sweeper took the process for dead),
   * the truth goes into an adjustment row beside it.
   * @throws when the table cannot be reached
   */
  record(entry: LedgerEntry): Promise<'recorded' | 'adjusted'>;
  /** All rows of the given days (UTC, both ends included); an adjustment comes right behind its entry. */
  rows(from: string, to: string): AsyncGenerator<LedgerRow>;
}

export interface LedgerStoreOptions {
  readonly dynamo: DynamoDb;
  readonly table: string;
  readonly log: Log;
  /** Partitions per endpoint and day. @default 1 */
  readonly shards?: number;
}

/** Queries under way together when a report is made. */
const PARTITIONS_AT_ONCE = 16;

export function createLedgerStore({ dynamo, table, log, shards = 1 }: LedgerStoreOptions): LedgerStore {
  const announced = new Set<string>();
  const itemsOf = (pk: string) => dynamo.query(table, 'pk = :pk', { values: { ':pk': pk } });

  /**
   * A report must find endpoints that no longer exist in the code. So each environment announces, once a month, that an
   * endpoint has rows and in how many shards.
   */
  const announce = async (endpoint: string, month: string) => {
    const sk = `${endpoint}#${shards}`;
    if (announced.has(month + sk)) return;
    try {
      await dynamo.put(table, { pk: directoryKey(month), sk, endpoint, shards }, undefined, { attempts: 1 });
      announced.add(month + sk);
    } catch (error) {
      // The entry counts, not this: the next call announces again.
      log.warn('an endpoint could not be announced to the reports', { endpoint, error });
    }
  };

  async function* endpointsOf(month: string): AsyncGenerator<{ endpoint: string; shards: number }> {
    const most = new Map<string, number>();
    for await (const item of itemsOf(directoryKey(month))) {
      const endpoint = textOf(item, 'endpoint');
      most.set(endpoint, Math.max(most.get(endpoint) ?? 0, Number(integerOf(item, 'shards'))));
    }
    for (const [endpoint, count] of most) yield { endpoint, shards: count };
  }

  async function* partitionsOf(from: string, to: string): AsyncGenerator<string> {
    const directory = new Map<string, { endpoint: string; shards: number }[]>();
    for (const day of daysBetween(from, to)) {
      const month = day.slice(0, 7);
      if (!directory.has(month)) directory.set(month, await Array.fromAsync(endpointsOf(month)));
      for (const known of directory.get(month) ?? []) {
        for (let shard = 0; shard < known.shards; shard++) yield partitionKey(known.endpoint, day, shard);
      }
    }
  }

  return {
    async record(entry) {
      const key = ledgerKey(entry.endpoint, entry.callId, shards);
      const item = { ...key, ...toItem(entry) };
      const [written] = await Promise.all([
        dynamo.put(table, item, { condition: 'attribute_not_exists(pk)' }),
        announce(entry.endpoint, key.sk.slice(0, 7)),
      ]);
      if (written === 'written') return 'recorded';
      const standing = fromItem((await dynamo.get(table, { ...key }, { consistent: true })) as StoredItem);
      // A repeat after a lost answer finds its own entry: same request, same cost.
      if (standing.requestId === entry.requestId && standing.costPico === entry.costPico) return 'recorded';
      const deltaPico = entry.costPico - standing.costPico;
      const unknownDeltaPico = entry.unknownPico - standing.unknownPico;
      await dynamo.put(
        table,
        {
          pk: key.pk,
          sk: `${key.sk}#adjustment`,
          callId: entry.callId,
          endpoint: entry.endpoint,
          deltaPico,
          unknownDeltaPico,
          basis: entry.basis,
        },
        { condition: 'attribute_not_exists(pk)' },
      );
      return 'adjusted';
    },
    async *rows(from, to) {
      const partitions = await Array.fromAsync(partitionsOf(from, to));
      // A year of many endpoints is thousands of partitions: read side by side, given one after the other.
      while (partitions.length > 0) {
        const group = partitions.splice(0, PARTITIONS_AT_ONCE).map((pk) => Array.fromAsync(itemsOf(pk)));
        for (const items of await Promise.all(group)) yield* items.map(toRow);
      }
    },
  };
}

/** The day (UTC) to which a call belongs: that of its reservation. */
export function dayOf(callId: string): string {
  return new Date(mintedAtMs(callId)).toISOString().slice(0, 10);
}

function directoryKey(month: string): string {
  return `endpoints#${month}`;
}

function toRow(item: StoredItem): LedgerRow {
  if (item['deltaPico'] === undefined) return { kind: 'entry', entry: fromItem(item) };
  return {
    kind: 'adjustment',
    adjustment: {
      callId: textOf(item, 'callId'),
      endpoint: textOf(item, 'endpoint'),
      deltaPico: integerOf(item, 'deltaPico'),
      unknownDeltaPico: integerOf(item, 'unknownDeltaPico'),
      basis: textOf(item, 'basis'),
    },
  };
}
