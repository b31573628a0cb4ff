import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '#test/support/seeded-random.ts';
import type { FailureClass } from '#upstream/failure.ts';
import { decideRetry, type RetryState } from '#upstream/retry-policy.ts';

const state = (failureClass: FailureClass, changes: Partial<RetryState> = {}): RetryState => ({
  failure: { class: failureClass },
  attemptsOnModel: 1,
  retriesLeft: 2,
  keyIsWorthARetry: false,
  budgetAllows: true,
  hasFallback: true,
  remainingMs: 20_000,
  random: 0,
  ...changes,
});

/** Of CASES.md's table: tries on one model, and whether another model may follow. */
const table: readonly (readonly [FailureClass, tries: number, fallsBack: boolean])[] = [
  ['invalid', 1, false],
  ['policy', 1, false],
  ['configuration', 1, false],
  ['model-not-found', 1, true],
  ['timeout', 3, false],
  ['unreachable', 3, false],
  ['conflict', 2, false],
  ['too-large', 1, false],
  ['throttled', 3, false],
  ['quota', 1, false],
  ['failed', 2, true],
  ['overloaded', 2, true],
  ['protocol', 2, false],
  ['cancelled', 1, false],
];

test.each(table)('R1 %s is tried %i times on a model, and then falls back: %s', (failureClass, tries, fallsBack) => {
  for (let attemptsOnModel = 1; attemptsOnModel <= 4; attemptsOnModel++) {
    const { action } = decideRetry(state(failureClass, { attemptsOnModel }));
    expect(action).toBe(attemptsOnModel < tries ? 'retry' : fallsBack ? 'fallback' : 'stop');
    const alone = decideRetry(state(failureClass, { attemptsOnModel, hasFallback: false }));
    expect(alone.action).toBe(attemptsOnModel < tries ? 'retry' : 'stop');
  }
});

test('R1 a refused key is tried once more, at once and without a token, if the ring has something to offer', () => {
  const refused = state('credential', { keyIsWorthARetry: true, budgetAllows: false, random: 0.9 });
  expect(decideRetry(refused)).toEqual({ action: 'retry', delayMs: 0, spendsBudget: false });
  expect(decideRetry({ ...refused, attemptsOnModel: 2 })).toEqual({ action: 'stop' });
  expect(decideRetry({ ...refused, keyIsWorthARetry: false })).toEqual({ action: 'stop' });
});

test('R6 without a token only a wrong setting is tried again', () => {
  const retried = table.filter(
    ([failureClass]) => decideRetry(state(failureClass, { budgetAllows: false })).action !== 'stop',
  );
  expect(retried.map(([failureClass]) => failureClass)).toEqual(['model-not-found']);
});

test('R5 full jitter: over 1,000 samples no tenth of the range has more than twice its share', () => {
  const random = seededRandom(5);
  for (const [attemptsOnModel, ceilingMs] of [
    [1, 250],
    [2, 500],
  ] as const) {
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let sample = 0; sample < 1_000; sample++) {
      const decision = decideRetry(state('timeout', { attemptsOnModel, random: random() }));
      if (decision.action === 'stop') throw new Error('it stopped');
      const bucket = Math.floor((decision.delayMs / ceilingMs) * 10);
      buckets[bucket] = (buckets[bucket] ?? Number.NaN) + 1;
    }
    expect(buckets).toHaveLength(10);
    expect(Math.max(...buckets)).toBeLessThanOrEqual(200);
    expect(Math.min(...buckets)).toBeGreaterThan(0);
  }
});

test('R3 what OpenAI asks to wait is the least, and the jitter comes on top', () => {
  const waits = [0, 0.5].map((random) =>
    decideRetry({ ...state('throttled', { random }), failure: { class: 'throttled', retryAfterMs: 3_000 } }),
  );
  expect(waits).toEqual([3_000, 3_125].map((delayMs) => ({ action: 'retry', delayMs, spendsBudget: true })));
});

const anyState = fc.record({
  failure: fc.record(
    {
      class: fc.constantFrom(...table.map(([failureClass]) => failureClass), 'credential' as const),
      retryAfterMs: fc.oneof(fc.nat(120_000), fc.double({ min: 0, max: 120_000, noNaN: true })),
    },
    { requiredKeys: ['class'] },
  ),
  attemptsOnModel: fc.integer({ min: 1, max: 20 }),
  retriesLeft: fc.integer({ min: -1, max: 3 }),
  keyIsWorthARetry: fc.boolean(),
  budgetAllows: fc.boolean(),
  hasFallback: fc.boolean(),
  remainingMs: fc.nat(60_000),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
}) satisfies fc.Arbitrary<RetryState>;

test('whatever the state: no wait beyond the deadline, no retry beyond the count, no token spent that is not there', () => {
  fc.assert(
    fc.property(anyState, (any) => {
      const decision = decideRetry(any);
      if (decision.action === 'stop') return;
      expect(decision.delayMs).toBeGreaterThanOrEqual(0);
      expect(decision.delayMs).toBeLessThan(any.remainingMs);
      expect(any.retriesLeft).toBeGreaterThan(0);
      if (decision.spendsBudget) expect(any.budgetAllows).toBe(true);
      if (decision.action === 'fallback') expect(any.hasFallback).toBe(true);
      if (decision.action === 'retry' && any.failure.class !== 'credential') {
        expect(decision.delayMs).toBeGreaterThanOrEqual(any.failure.retryAfterMs ?? 0);
      }
    }),
    { numRuns: 1_000 },
  );
});
