import { seededRandom } from '#test/support/seeded-random.ts';
import { DynamoDb } from './dynamodb.ts';
import { EventQueue } from './event-queue.ts';

/** What the product decides once for all budgets. */
export interface Habits {
  /** How often a settlement is sent when it is throttled. */
  readonly settleAttempts: number;
  /** Which shard is asked first: each environment's own, or a random one for each call. */
  /** The longest pause between two attempts. */
  readonly longestPauseMs: number;
  /** After so many throttled reserves in a budget a call is told that it is unavailable, and goes no further round. */
  readonly mostThrottles: number;
  /** A part takes no more holds than these: what it carries falls with its size. */
  readonly mostHolds: number;
  readonly ownShard: 'by environment' | 'by call';
  /** For so long after a refusal an environment looks before it asks. */
  readonly lookFirstMs: number;
  /** After so long a hold that was not settled is the sweeper's: the platform's kill time and a minute. */
  readonly holdExpiresMs: number;
}

/** functions/budgets/{part-store,placement,hold}.ts, with a kill time of half a minute. */
export const PRODUCT: Habits = {
  settleAttempts: 6,
  longestPauseMs: Infinity,
  mostThrottles: Infinity,
  mostHolds: Infinity,
  ownShard: 'by environment',
  lookFirstMs: 1_000,
  holdExpiresMs: 90_000,
};

/** What all that happens in a run shares. */
export interface World {
  readonly queue: EventQueue;
  readonly random: () => number;
  readonly dynamo: DynamoDb;
  readonly habits: Habits;
}

/** An empty world. The same seed gives the same run. */
export function createWorld(seed: number, habits: Habits = PRODUCT): World {
  const queue = new EventQueue();
  const random = seededRandom(seed);
  return { queue, random, dynamo: new DynamoDb(queue, random, habits.longestPauseMs), habits };
}
