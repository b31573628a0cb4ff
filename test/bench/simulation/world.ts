import { seededRandom } from '#test/support/seeded-random.ts';
import { DynamoDb } from './dynamodb.ts';
import { EventQueue } from './event-queue.ts';

/** What the product decides once for all budgets. */
export interface Habits {
  /** How often a settlement is sent when it is throttled. */
  readonly settleAttempts: number;
  /** The longest pause between two attempts of any request. */
  readonly longestPauseMs: number;
  /** After so many throttled reserves in one budget a call is told 503, and goes no further round. */
  readonly mostThrottles: number;
  /**
   * Of more than eight shards, how many a call reads that found no place in its own. `some`: the own and seven random others. `all`.
   * `glance`: all; but after a refusal, for `glanceMs`, eight random ones, and all again if one of them has enough.
   */
  readonly looks: 'some' | 'all' | 'glance';
  readonly glanceMs: number;
  /** For so long after a refusal an environment looks before it asks. */
  readonly lookFirstMs: number;
  /** After so long a hold that was not settled is the sweeper's: the platform's kill time and a minute. */
  readonly holdExpiresMs: number;
}

/** A throttled reserve tries one more shard and gives up; a settlement insists. The rules that this simulation led to. */
export const YIELDING: Habits = {
  settleAttempts: 20,
  longestPauseMs: 200,
  mostThrottles: 2,
  looks: 'some',
  glanceMs: 1_000,
  lookFirstMs: 1_000,
  holdExpiresMs: 90_000,
};

/** The other way round: a reserve comes back up to 8 times in each of 3 rounds, a settlement is sent 6 times. */
export const EAGER: Habits = { ...YIELDING, settleAttempts: 6, longestPauseMs: Infinity, mostThrottles: Infinity };

/** What all that happens in a run shares. */
export interface World {
  readonly queue: EventQueue;
  readonly random: () => number;
  readonly dynamo: DynamoDb;
  readonly habits: Habits;
}

/** An empty world. The same seed gives the same run. */
export function createWorld(seed: number, habits: Habits = YIELDING): World {
  const queue = new EventQueue();
  const random = seededRandom(seed);
  return { queue, random, dynamo: new DynamoDb(queue, random, habits.longestPauseMs), habits };
}
