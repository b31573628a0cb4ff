import { textOf } from '#platform/aws/attributes.ts';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import type { Clock } from '#platform/clock.ts';
import type { Log } from '#platform/log.ts';
import { fromCacheItem, toCacheItem, type StoredAnswer } from './stored-answer.ts';

/**
 * Answers that may be given again. The cache is disposable: whatever goes wrong in it costs an upstream call, never a
 * reply (C7). So nothing here throws.
 */
export interface AnswerCache {
  /** Fresh answers of the given keys; the others are missing from the map. One request for one key, a batch for many. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>;
  /** Stores answers; those too large for an item are left out. */
  write(answers: ReadonlyMap<string, StoredAnswer>): Promise<void>;
}

export interface AnswerCacheOptions {
  readonly dynamo: DynamoDb;
  readonly table: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Waiting long for a cache defeats it: one try, and a short one. */
const ONE_SHORT_TRY = { attempts: 1, timeoutMs: 500 };

export function createAnswerCache({ dynamo, table, clock, log }: AnswerCacheOptions): AnswerCache {
  return {
    async read(keys) {
      const found = new Map<string, StoredAnswer>();
      try {
        const items =
          keys.length === 1
            ? [await dynamo.get(table, { pk: keys[0] }, ONE_SHORT_TRY)]
            : await dynamo.batchGet(
                table,
                keys.map((pk) => ({ pk })),
                ONE_SHORT_TRY,
              );
        for (const item of items) {
          const key = item && textOf(item, 'pk');
          const answer = key && fromCacheItem(key, item, clock.nowMs());
          if (answer) found.set(key, answer);
        }
      } catch (error) {
        log.warn('the cache could not be read; going on without it', { error });
      }
      return found;
    },
    async write(answers) {
      try {
        const items = [...answers].flatMap(([key, answer]) => toCacheItem(key, answer) ?? []);
        const tooLarge = answers.size - items.length;
        if (tooLarge > 0) log.warn('answers too large for the cache', { count: tooLarge });
        if (items.length === 1) await dynamo.put(table, items[0]!, undefined, ONE_SHORT_TRY);
        else if (items.length > 1) await dynamo.batchPut(table, items, ONE_SHORT_TRY);
      } catch (error) {
        log.warn('the cache could not be written', { error });
      }
    },
  };
}
