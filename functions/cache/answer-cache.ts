import { textOf, type StoredItem } from '#platform/aws/attributes.ts';
import { fromLeadItem, toLeadItem, type Lead } from './lead-item.ts';
import { createLeadStore, ONE_SHORT_TRY, type LeadStore, type LeadStoreOptions } from './lead-store.ts';
import { LocalLeads } from './local-leads.ts';
import { fromCacheItem, toCacheItem, type StoredAnswer } from './stored-answer.ts';

/**
 * Answers that may be given again. The cache is disposable: whatever goes wrong in it costs an upstream call, never a
 * reply (C7). So nothing here throws.
 */
export interface AnswerCache {
  /** What stands under the given keys. One request for one key, a batch for many. */
  read(keys: readonly string[], options?: ReadOptions): Promise<CacheLook>;
  /**
   * Stores answers; those too large for an item are left out.
   * @param answered keys of the leads over several answers that are stored herewith
   */
  write(answers: ReadonlyMap<string, StoredAnswer>, answered?: readonly string[]): Promise<CacheWrite>;
  /** Who makes a missing answer, of all processes. */
  readonly leads: LeadStore;
  /** The same within this process. */
  readonly here: LocalLeads;
}

export interface ReadOptions {
  /** Sees every write that was acknowledged; of one key only. @default false: at half the price */
  readonly consistent?: boolean;
}

/** What a read found. */
export interface CacheLook {
  /** Fresh answers. */
  readonly answers: ReadonlyMap<string, StoredAnswer>;
  /** Leads that stand. */
  readonly leads: ReadonlyMap<string, Lead>;
  /** Digests of items that are neither and that nobody can use. */
  readonly unusable: ReadonlyMap<string, string>;
  /** The table did not answer: nothing is known. */
  readonly isUnknown: boolean;
}

export interface CacheWrite {
  /** What fits an item is stored. */
  readonly isStored: boolean;
  /** Keys of answers that do not fit. */
  readonly tooLarge: ReadonlySet<string>;
}

export function createAnswerCache(options: LeadStoreOptions): AnswerCache {
  const { dynamo, table, clock, log } = options;
  const itemsOf = async (keys: readonly string[], consistent: boolean): Promise<StoredItem[]> => {
    if (keys.length > 1) {
      const all = keys.map((pk) => ({ pk }));
      return dynamo.batchGet(table, all, ONE_SHORT_TRY);
    }
    const item = await dynamo.get(table, { pk: keys[0] }, { consistent, ...ONE_SHORT_TRY });
    return item ? [item] : [];
  };
  return {
    leads: createLeadStore(options),
    here: new LocalLeads(),
    async read(keys, { consistent = false } = {}) {
      try {
        return sorted(await itemsOf(keys, consistent), clock.nowMs());
      } catch (error) {
        log.warn('the cache could not be read; going on without it', { error });
        return { ...sorted([], 0), isUnknown: true };
      }
    },
    async write(answers, answered = []) {
      const tooLarge = new Set<string>();
      try {
        const items = [...answers].flatMap(([key, answer]) => {
          const item = toCacheItem(key, answer);
          if (!item) tooLarge.add(key);
          return item ?? [];
        });
        if (tooLarge.size > 0) log.warn('answers too large for the cache', { count: tooLarge.size });
        const marks = answered.map((key) => toLeadItem(key, 'answered', '', clock.nowMs()));
        const all = [...items, ...marks];
        if (all.length === 1) await dynamo.put(table, all[0]!, undefined, ONE_SHORT_TRY);
        else if (all.length > 1) await dynamo.batchPut(table, all, ONE_SHORT_TRY);
        return { isStored: true, tooLarge };
      } catch (error) {
        log.warn('the cache could not be written', { error });
        return { isStored: false, tooLarge };
      }
    },
  };
}

function sorted(items: readonly StoredItem[], nowMs: number): CacheLook {
  const answers = new Map<string, StoredAnswer>();
  const leads = new Map<string, Lead>();
  const unusable = new Map<string, string>();
  for (const item of items) {
    const key = textOf(item, 'pk');
    const answer = fromCacheItem(key, item, nowMs);
    const lead = answer ? undefined : fromLeadItem(key, item, nowMs);
    const digest = item['digest'];
    if (answer) answers.set(key, answer);
    else if (lead) leads.set(key, lead);
    // One that has only expired may be replaced by the same any moment: its digest would then be the fresh one's.
    else if (typeof digest === 'string' && !(Number(item['expiresAt']) * 1000 <= nowMs)) unusable.set(key, digest);
  }
  return { answers, leads, unusable, isUnknown: false };
}
