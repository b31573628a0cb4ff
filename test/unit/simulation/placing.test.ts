import { beforeEach, expect, test } from 'vitest';
import type { Taken } from '#test/bench/simulation/budget.ts';
import { ShardedBudget } from '#test/bench/simulation/sharded-budget.ts';
import { createWorld, YIELDING, type World } from '#test/bench/simulation/world.ts';

let world: World;

beforeEach(() => {
  world = createWorld(11);
});

function budgetOf(...availables: number[]): ShardedBudget {
  const limit = 1000 * availables.length;
  const budget = new ShardedBudget(world, { limit, shards: availables.length, holdBytes: 70, baseBytes: 100 });
  for (const [at, part] of budget.shards.entries()) part.hold(part.available - availables[at]!, 0);
  return budget;
}

function take(budget: ShardedBudget, amount: number, environment = 0): Taken {
  let outcome: Taken | undefined;
  budget.take(environment, amount, (taken) => (outcome = taken));
  world.queue.runUntil(world.queue.nowMs + 500);
  return outcome!;
}

function amounts(taken: Taken): number[] {
  return taken.outcome === 'held' ? taken.pieces.map((piece) => piece.amount) : [];
}

test('a hold is taken from the own shard with one write and no read', () => {
  const budget = budgetOf(500, 500, 500);
  expect(amounts(take(budget, 200))).toEqual([200]);
  expect(budget.first(0).available).toBe(300);
  expect(world.dynamo.usage).toMatchObject({ writes: 1, reads: 0 });
});

test('where the own shard has not enough, another that has gives all of it', () => {
  const budget = budgetOf(10, 10, 10, 900);
  const poor = [0, 1, 2, 3].find((environment) => budget.first(environment).available === 10)!;
  expect(amounts(take(budget, 200, poor))).toEqual([200]);
  expect(budget.shards[3]!.available).toBe(700);
});

test('L1 where none has enough, the fullest give it together, to the last unit', () => {
  const budget = budgetOf(100, 300, 200);
  expect(amounts(take(budget, 590))).toEqual([300, 200, 90]);
  expect(budget.shards.map((part) => part.available)).toEqual([10, 0, 0]);
});

test('L1 where all together have not enough, nothing is held', () => {
  const budget = budgetOf(100, 300, 200);
  expect(take(budget, 601).outcome).toBe('refused');
  expect(budget.shards.map((part) => part.available)).toEqual([100, 300, 200]);
});

test('L1 the last unit is held too', () => {
  const budget = budgetOf(100, 300, 200);
  expect(amounts(take(budget, 600))).toEqual([300, 200, 100]);
});

test('where the own shard is too busy, another gives', () => {
  const budget = budgetOf(500, 500);
  const own = budget.first(0);
  own.bytes = 1_100_000;
  for (let calls = 1; calls <= 4; calls++) expect(amounts(take(budget, 100))).toEqual([100]);
  expect(own.available).toBe(500);
});

test('after a refusal an environment looks before it asks, for a second', () => {
  const budget = budgetOf(10, 10);
  take(budget, 50);
  const { writes } = world.dynamo.usage;
  take(budget, 50);
  expect(world.dynamo.usage.writes).toBe(writes);
  world.queue.runUntil(5_000);
  take(budget, 50);
  expect(world.dynamo.usage.writes).toBe(writes + 1);
});

test('of many shards a look reads eight', () => {
  const budget = budgetOf(...Array.from({ length: 40 }, () => 5));
  expect(take(budget, 50).outcome).toBe('refused');
  expect(world.dynamo.usage.reads).toBe(8);
});

test('the second throttled reserve is the last, and holds nothing', () => {
  const budget = budgetOf(500, 500, 500);
  for (const part of budget.shards) while (part.partition.takeWrite(1, 0));
  for (const part of budget.shards) part.bytes = 300_000;
  expect(take(budget, 100)).toEqual({ outcome: 'unavailable', isFinal: true });
  expect(world.dynamo.usage).toMatchObject({ writes: 2, throttledWrites: 2 });
});

test('a settlement that stays throttled is made up for when its hold expires', () => {
  world = createWorld(11, { ...YIELDING, settleAttempts: 2 });
  const budget = budgetOf(500);
  const taken = take(budget, 100);
  const [part] = budget.shards;
  part!.bytes = 1_100_000;
  let answered = false;
  if (taken.outcome === 'held') budget.settle(taken.pieces, 40, () => (answered = true));
  world.queue.runUntil(10_000);
  expect([answered, part!.spent, part!.available]).toEqual([true, 0, 400]);
  part!.bytes = 170;
  world.queue.runUntil(80_000);
  expect(part!.spent).toBe(0);
  world.queue.runUntil(200_000);
  expect([part!.spent, part!.available]).toEqual([40, 460]);
});
