import type { Need } from './environment.ts';
import { amountOf, isEscrow, partOf } from './names.ts';
import { type Steps, sure, together } from './network.ts';
import { ask, type Piece, type Round, sumOf, valueFor } from './round.ts';
import type { World } from './world.ts';

/** Raises a standing reservation to `cover` in all budgets. False: not in all; what was raised stays raised. */
export function* raise(world: World, round: Round, needs: readonly Need[], cover: number): Steps<boolean> {
  const raised = yield* together(
    world,
    needs.map(({ budget }) => raiseIn(world, round, budget, cover)),
  );
  world.note(raised.every(Boolean) ? 'a top-up' : 'a top-up that failed');
  return raised.every(Boolean);
}

function* raiseIn(world: World, round: Round, budget: string, cover: number): Steps<boolean> {
  const pieces = round.held.get(budget) as Piece[];
  const more = cover - sumOf(pieces);
  if (more <= 0) return true;
  if (yield* raisePiece(world, round, budget, pieces[0] as Piece, more)) return true;
  yield;
  const head = world.head(budget);
  // Of the account, what the purse has not is held in the head.
  const shards = isEscrow(budget) ? 1 : (head?.shards ?? 0);
  for (let shard = 0; shard < shards; shard++) {
    const name = partOf(budget, shard);
    if (round.asked.some(({ part }) => part === name)) continue;
    yield;
    const part = world.parts.get(name);
    if (!part || part.frozen !== undefined || part.available < more) continue;
    if ((yield* ask(world, round, budget, shard, more)) !== 'held') return false;
    world.note('a top-up by one more piece');
    return true;
  }
  return false;
}

function* raisePiece(world: World, round: Round, budget: string, piece: Piece, more: number): Steps<boolean> {
  const { part, value } = piece;
  const next = valueFor(round, budget, amountOf(value) + more);
  const done = yield* sure(world, () => world.topUp(part, round.id, value, next), round.guard);
  if (!done) {
    yield;
    // A repeat after a lost answer meets its own success.
    if (world.parts.get(part)?.holds.get(round.id) !== next) return false;
  }
  piece.value = next;
  return true;
}
