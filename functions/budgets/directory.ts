import { createHash } from 'node:crypto';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';

/**
 * The names of all budgets that may hold money, so that the sweeper finds them; and the calls whose late facts wait to be
 * applied. Sets of names in a few items each: a name is put before there is anything to find.
 */
export interface Directory {
  /** @throws when the table does not answer: then nothing may be opened */
  add(list: List, name: string): Promise<void>;
  remove(list: List, name: string): Promise<void>;
  /** All names of a list. */
  names(list: List): Promise<string[]>;
}

/** `open`: keys of budgets. `late`: `<endpoint>#<callId>` of calls with an adjustment. `settings`: scopes with settings. */
export type List = 'open' | 'late' | 'settings';

/**
 * A name costs as many units as its item has kilobytes: 1,000 scopes with limits for the day are 20 KB an item, and some 800 new
 * names a second at midnight. Ten times as many are 200 KB, and 80 a second; an item ends at 400 KB.
 */
const ITEMS_A_LIST = 16;

export function createDirectory(dynamo: DynamoDb, table: string): Directory {
  const keyOf = (list: List, item: number) => ({ pk: `${list}#${item}` });
  const itemFor = (list: List, name: string) =>
    keyOf(list, createHash('sha256').update(name).digest().readUInt8(0) % ITEMS_A_LIST);
  const change = async (verb: 'ADD' | 'DELETE', list: List, name: string) => {
    await dynamo.update(table, itemFor(list, name), `${verb} listed :name`, { values: { ':name': new Set([name]) } });
  };
  return {
    add: (list, name) => change('ADD', list, name),
    remove: (list, name) => change('DELETE', list, name),
    async names(list) {
      const items = await Promise.all(
        Array.from({ length: ITEMS_A_LIST }, (_, item) => dynamo.get(table, keyOf(list, item), { consistent: true })),
      );
      return items.flatMap((item) => Array.from((item?.['listed'] ?? []) as Set<string>)).sort();
    },
  };
}
