import { createHash } from 'node:crypto';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import { Conflict } from '#platform/errors.ts';
import {
  callerItemKey,
  fromManagedItem,
  toManagedItem,
  type CallerKey,
  type ManagedCaller,
  type StoredCaller,
} from './managed-caller.ts';

/**
 * The callers that administrators manage. Three kinds of items, in a table that has a partition key alone:
 *
 *     caller#<id>      the record, with its keys' hashes: the one truth. Each change is one conditional put of it.
 *     <sha256>         leads from a key to its caller's id. It opens nothing unless the record names the hash too, so that one
 *                      left over by a crash is harmless, and a key is revoked by a change of the record alone.
 *     directory#<0–15> sets of ids, for the list. A Scan would do, but every role that reads callers, the authorizer's too, would then
 *                      be let to read all of them at once; this takes GetItem alone. An id is put before its record: one
 *                      without a record is passed over.
 */
export interface CallerStore {
  /** Strongly consistent. */
  read(id: string): Promise<StoredCaller | undefined>;
  /** The ids behind one, in their order. One of a caller whose making broke off may be among them. */
  ids(after: string): Promise<string[]>;
  /** Of two that create one id at once, one is told false. @param firstKeyId of the key that only this one has made */
  create(caller: ManagedCaller, firstKeyId: string): Promise<boolean>;
  /** Makes a key lead to a caller. It must be there before a record names the key. */
  lead(key: CallerKey, id: string): Promise<void>;
  /**
   * Changes a record as it then stands.
   * @param change what is to be made of it; may be asked again, and also of what it has made itself: DynamoDB may have done a write
   *     whose answer was lost
   * @returns the record as changed; undefined where there is none
   * @throws Conflict when others change it all the time; what `change` throws
   */
  amend(id: string, change: (caller: ManagedCaller) => ManagedCaller): Promise<ManagedCaller | undefined>;
}

const DIRECTORY_ITEMS = 16;
const MOST_TRIES = 5;

export function createCallerStore(dynamo: DynamoDb, table: string): CallerStore {
  const read = async (id: string): Promise<StoredCaller | undefined> => {
    const item = await dynamo.get(table, callerItemKey(id), { consistent: true });
    return item && fromManagedItem(item);
  };
  return {
    read,
    async ids(after) {
      const numbers = Array.from({ length: DIRECTORY_ITEMS }, (_, item) => item);
      const items = await Promise.all(
        numbers.map((item) => dynamo.get(table, directoryKey(item), { consistent: true })),
      );
      const all = items.flatMap((item) => Array.from((item?.['listed'] ?? []) as Set<string>));
      return all.filter((id) => id > after).sort();
    },
    async create(caller, firstKeyId) {
      const place = directoryKey(createHash('sha256').update(caller.id).digest().readUInt8(0) % DIRECTORY_ITEMS);
      await dynamo.update(table, place, 'ADD listed :id', { values: { ':id': new Set([caller.id]) } });
      const item = { ...toManagedItem({ caller, revision: 1n }), firstKeyId };
      // The client sends a write again whose answer was lost: what stands there is then its own.
      const written = await dynamo.put(table, item, {
        condition: 'attribute_not_exists(pk) OR firstKeyId = :firstKeyId',
        values: { ':firstKeyId': firstKeyId },
      });
      return written === 'written';
    },
    async lead({ hash, keyId }, id) {
      await dynamo.put(table, { pk: hash, id, keyId });
    },
    async amend(id, change) {
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        const stored = await read(id);
        if (!stored) return undefined;
        const caller = change(stored.caller);
        const written = await dynamo.put(table, toManagedItem({ caller, revision: stored.revision + 1n }), {
          condition: 'revision = :revision',
          values: { ':revision': stored.revision },
        });
        if (written === 'written') return caller;
      }
      throw new Conflict('others change this caller at the same time; ask again');
    },
  };
}

function directoryKey(item: number): { readonly pk: string } {
  return { pk: `directory#${item}` };
}
