import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Part } from '#test/bench/simulation/part.ts';
import { PURSE, Stage } from '#test/bench/simulation/stage.ts';
import { CALL } from '#test/bench/simulation/traffic.ts';
import { EAGER, YIELDING } from '#test/bench/simulation/world.ts';

/** A run of any shape: few or many shards, calm or far too much, plenty or little money, with purses or without. */
const runs = fc.record({
  seed: fc.nat(),
  shards: fc.integer({ min: 1, max: 12 }),
  callsASecond: fc.integer({ min: 5, max: 250 }),
  seconds: fc.constantFrom(0.5, 3),
  limitCalls: fc.integer({ min: 1, max: 1500 }),
  boundOverActual: fc.constantFrom(1.1, 4, 10),
  oneAtATime: fc.boolean(),
  habits: fc.constantFrom(YIELDING, EAGER),
  purse: fc.constantFrom(
    undefined,
    { ...PURSE, usedForMs: 4_000 },
    { ...PURSE, callsAPurse: 3, leastPursesLeft: 2, usedForMs: 2_000 },
    { ...PURSE, drawBy: 'reading' as const, directForMs: 0, leastPursesLeft: 8 },
  ),
});

type Run = typeof runs extends fc.Arbitrary<infer Each> ? Each : never;

function stageOf({ callsASecond, seconds, limitCalls, boundOverActual, oneAtATime, ...rest }: Run): Stage {
  const load = { callsASecond, meanMs: seconds * 1000, environments: 40, oneAtATime, boundOverActual };
  return new Stage({ ...rest, limit: limitCalls * CALL, holdBytes: 700, load });
}

function allParts({ shards, escrow }: Stage): Part[] {
  return [...(escrow ?? shards).parts()];
}

describe('money is neither made nor lost', () => {
  test('in any run, at any moment', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const stage = stageOf(run);
        const limit = run.limitCalls * CALL;
        stage.traffic.start();
        for (let atMs = 500; atMs <= 8_000; atMs += 500) {
          stage.world.queue.runUntil(atMs);
          const parts = allParts(stage);
          expect(parts.filter((part) => !part.isBalanced())).toEqual([]);
          expect(stage.shards.shards.reduce((sum, part) => sum + part.limit, 0)).toBe(limit);
          expect(stage.shards.totals.spent).toBeLessThanOrEqual(limit);
          expect(stage.shards.totals.available).toBeGreaterThanOrEqual(0);
          // All that purses have was drawn from shards, and what calls hold is held somewhere.
          expect(parts.reduce((sum, part) => sum + part.holds, 0)).toBeGreaterThanOrEqual(0);
        }
        stage.traffic.end();
        stage.world.queue.runOut();
        expect(stage.traffic.inFlight).toBe(0);
        expect(allParts(stage).filter((part) => part.held !== 0 || part.holds !== 0)).toEqual([]);
        // Purses are closed, and their money is back.
        expect(allParts(stage)).toHaveLength(run.shards);
        expect(stage.shards.totals).toEqual({
          spent: stage.traffic.outcomes.cost,
          available: limit - stage.traffic.outcomes.cost,
        });
      }),
      { numRuns: 60, seed: 20261122 },
    );
  });

  test('and every call is granted, refused, or told that DynamoDB is too busy', () => {
    fc.assert(
      fc.property(runs, (run) => {
        const stage = stageOf(run);
        stage.traffic.start();
        stage.world.queue.runUntil(5_000);
        stage.traffic.end();
        stage.world.queue.runOut();
        const { offered, granted, refused, unavailable } = stage.traffic.outcomes;
        expect(granted + refused + unavailable).toBe(offered);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

test('the same seed plays the same run, another seed another', () => {
  const play = (seed: number) => {
    const stage = stageOf({
      seed,
      shards: 3,
      callsASecond: 200,
      seconds: 0.5,
      limitCalls: 200,
      boundOverActual: 4,
      oneAtATime: true,
      habits: YIELDING,
      purse: { ...PURSE, usedForMs: 4_000 },
    });
    stage.traffic.start();
    stage.world.queue.runUntil(5_000);
    return { ...stage.traffic.outcomes, ...stage.world.dynamo.usage };
  };
  expect(play(5)).toEqual(play(5));
  expect(play(5)).not.toEqual(play(6));
});
