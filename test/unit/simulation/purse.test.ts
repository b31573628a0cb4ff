import { beforeEach, expect, test } from 'vitest';
import { Escrow, type EscrowTerms } from '#test/bench/simulation/escrow.ts';
import { ShardedBudget } from '#test/bench/simulation/sharded-budget.ts';
import { PURSE } from '#test/bench/simulation/stage.ts';
import { createWorld, type World } from '#test/bench/simulation/world.ts';
import type { Piece, Taken } from '#test/bench/simulation/budget.ts';

let world: World;

beforeEach(() => {
  world = createWorld(12);
});

const TERMS: EscrowTerms = { ...PURSE, callsAPurse: 10, leastPursesLeft: 4, usedForMs: 10_000, jitter: 0 };

function escrowOf(limit: number, terms: Partial<EscrowTerms> = {}): { escrow: Escrow; shards: ShardedBudget } {
  const shards = new ShardedBudget(world, { limit, shards: 1, holdBytes: 57, baseBytes: 100 });
  return { shards, escrow: new Escrow(world, shards, { ...TERMS, ...terms }) };
}

function hold(escrow: Escrow, amount: number): Taken {
  let outcome: Taken | undefined;
  escrow.prepare(1, amount, () => escrow.take(1, amount, (taken) => (outcome = taken)));
  world.queue.runUntil(world.queue.nowMs + 200);
  return outcome!;
}

function pieceOf(taken: Taken): Piece {
  if (taken.outcome !== 'held') throw new Error(`nothing is held: ${taken.outcome}`);
  return taken.pieces[0]!;
}

test('a purse is drawn once, and its calls leave the shard alone', () => {
  const { escrow, shards } = escrowOf(4000);
  const first = pieceOf(hold(escrow, 100));
  expect(shards.shards[0]!.held).toBe(1000);
  const second = pieceOf(hold(escrow, 100));
  expect(second.part).toBe(first.part);
  expect(shards.shards[0]!.holds).toBe(1);
  expect(escrow.idle()).toBe(800);
});

test('L1 where the shard has less than its multiple of a purse, calls hold in the shard', () => {
  const { escrow, shards } = escrowOf(3999);
  expect(pieceOf(hold(escrow, 100)).part).toBe(shards.shards[0]);
  expect(escrow.idle()).toBe(0);
});

test('a purse that is worn is closed by the draw of the next, and the shard charged what it spent', () => {
  const { escrow, shards } = escrowOf(40_000);
  const piece = pieceOf(hold(escrow, 100));
  escrow.settle([piece], 30, () => undefined);
  world.queue.runUntil(11_000);
  hold(escrow, 100);
  expect(shards.shards[0]).toMatchObject({ spent: 30, held: 1000, holds: 1, available: 40_000 - 1030 });
  expect(shards.totals).toEqual({ spent: 30, available: 40_000 - 30 - 100 });
});

test('a purse in which calls hold stands until they end, and the sweeper closes it', () => {
  const { escrow, shards } = escrowOf(40_000);
  const piece = pieceOf(hold(escrow, 100));
  world.queue.runUntil(11_000);
  hold(escrow, 100);
  expect(shards.shards[0]!.holds).toBe(2);
  world.queue.runUntil(300_000);
  expect(piece.part.frozen).toBe(true);
  expect(piece.part.held).toBe(100);
  escrow.settle([piece], 60, () => undefined);
  world.queue.runUntil(600_000);
  expect(shards.shards[0]!.spent).toBe(60);
});

test('a purse that is closed takes no hold any more', () => {
  const { escrow } = escrowOf(40_000);
  const piece = pieceOf(hold(escrow, 100));
  escrow.settle([piece], 30, () => undefined);
  world.queue.runUntil(11_000);
  hold(escrow, 100);
  expect(piece.part.hold(1, 57)).toBe(false);
});

test('a purse without enough costs the round, and the next one draws another', () => {
  const { escrow, shards } = escrowOf(400_000);
  hold(escrow, 100);
  const empty = hold(escrow, 950);
  expect(empty.outcome).toBe('empty');
  if (empty.outcome === 'empty') empty.retire(() => undefined);
  world.queue.runUntil(world.queue.nowMs + 200);
  expect(pieceOf(hold(escrow, 950)).part.limit).toBe(9500);
  expect(shards.shards[0]!.held).toBe(1000 + 9500);
});
