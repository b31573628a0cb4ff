import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import type { Clock } from '#platform/clock.ts';
import type { Log } from '#platform/log.ts';
import { toLeadItem, type LeadState } from './lead-item.ts';

/** Waiting long for a cache defeats it: one try, and a short one. */
export const ONE_SHORT_TRY = { attempts: 1, timeoutMs: 500 };

/** What became of a conditional write. `unanswered`: nobody can tell. */
export type Asked = 'done' | 'refused' | 'unanswered';

/**
 * The leads over misses, on the cache's table: of all processes that miss the same answer, one makes it. Like the rest
 * of the cache it is there to save money and never costs a reply (C7): nothing here throws.
 */
export interface LeadStore {
  /**
   * Takes the lead. Refused where a fresh answer stands, or a lead whose lease has not run out.
   * @param unusable digest of an item that was found there and that nobody can use: it is no hindrance (C8)
   */
  take(key: string, leader: string, unusable?: string): Promise<Asked>;
  /** Gives the leader another lease. Refused when another leads by now, or the answer is there. */
  renew(key: string, leader: string): Promise<Asked>;
  /** Ends the leader's lead, where the answer will not overwrite it. */
  end(key: string, leader: string, state: Exclude<LeadState, 'leading'>): Promise<void>;
}

export interface LeadStoreOptions {
  readonly dynamo: DynamoDb;
  readonly table: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Of those who missed, one may write:
 *
 *     A   get: nothing      take ✓ ───── asks upstream ───── put answer
 *     B     get: nothing      take ✗ → get: A leads, waits ………………………………… get: the answer
 *     C                                              get: nothing … take ✗ → get: the answer
 *
 * Every item of Weir's has a digest: one without is not Weir's.
 */
const FREE =
  'attribute_not_exists(pk) OR attribute_not_exists(digest) OR leaseUntilMs <= :nowMs OR expiresAt <= :nowSeconds';

export function createLeadStore({ dynamo, table, clock, log }: LeadStoreOptions): LeadStore {
  const put = async (
    item: ReturnType<typeof toLeadItem>,
    condition: string,
    values: Readonly<Record<string, string | number>>,
  ): Promise<Asked> => {
    try {
      const written = await dynamo.put(table, item, { condition, values }, ONE_SHORT_TRY);
      return written === 'written' ? 'done' : 'refused';
    } catch (error) {
      log.warn('a lead could not be written; going on without it', { state: item.state, error });
      return 'unanswered';
    }
  };
  return {
    take(key, leader, unusable) {
      const nowMs = clock.nowMs();
      const now = { ':nowMs': nowMs, ':nowSeconds': Math.floor(nowMs / 1000) };
      const item = toLeadItem(key, 'leading', leader, nowMs);
      if (unusable === undefined) return put(item, FREE, now);
      return put(item, `${FREE} OR digest = :unusable`, { ...now, ':unusable': unusable });
    },
    renew: (key, leader) =>
      put(toLeadItem(key, 'leading', leader, clock.nowMs()), 'leader = :leader', { ':leader': leader }),
    async end(key, leader, state) {
      await put(toLeadItem(key, state, '', clock.nowMs()), 'leader = :leader', { ':leader': leader });
    },
  };
}
