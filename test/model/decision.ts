import { chargesOf } from './charging.ts';
import { budgetFor } from './environment.ts';
import type { Entry } from './ledger.ts';
import { callOf, type Code, factsOf, isMark, partOf, roundOf } from './names.ts';
import type { Steps } from './network.ts';
import { type Piece, sumOf } from './round.ts';
import type { World } from './world.ts';

/**
 * What a call without an entry is worth: the highest round that stands whole may have been sent, up to the least that a
 * budget holds for it; where none does, nothing was sent.
 */
export function* decide(world: World, endpoint: string, callId: string): Steps<Entry> {
  const month = budgetFor(world, 'em', callId, endpoint, '');
  const rounds = new Map<string, Piece[]>();
  for (const piece of yield* piecesIn(world, yield* partsOf(world, month), callId)) {
    rounds.set(piece.id, [...(rounds.get(piece.id) ?? []), piece]);
  }
  const upwards = world.holds('highest-round') ? 1 : -1;
  for (const id of [...rounds.keys()].sort((one, other) => upwards * (roundOf(other) - roundOf(one)))) {
    const own = rounds.get(id) as Piece[];
    const budgets = [own];
    const { base, caller, others } = factsOf((own[0] as Piece).value);
    for (const other of others) {
      const [code, purse] = other.split(':') as [Code, string | undefined];
      const budget = budgetFor(world, code, callId, endpoint, caller);
      const shards = purse !== undefined && !world.holds('head-summed') ? [] : yield* partsOf(world, budget);
      const parts = purse === undefined ? shards : [partOf(budget, purse), ...shards];
      budgets.push((yield* piecesIn(world, parts, callId)).filter((piece) => piece.id === id));
    }
    const sums = budgets.map(sumOf);
    const needed = world.holds('base') ? base : (sums[0] as number);
    if (sums.some((sum) => sum < needed)) continue;
    const cost = world.holds('least-sum') ? Math.min(...sums) : base;
    world.note('an unknown call');
    return { basis: 'unknown', cost, charges: chargesOf(id, cost, budgets), by: {} };
  }
  world.note('a void call');
  return { basis: 'void', cost: 0, charges: [], by: {} };
}

/** The head and all shards that a budget ever had. */
function* partsOf(world: World, budget: string): Steps<string[]> {
  yield;
  const most = world.head(budget)?.most ?? 0;
  return Array.from({ length: most }, (_, shard) => partOf(budget, shard));
}

function* piecesIn(world: World, parts: readonly string[], callId: string): Steps<(Piece & { id: string })[]> {
  const found: (Piece & { id: string })[] = [];
  for (const part of parts) {
    yield;
    for (const [id, value] of world.parts.get(part)?.holds ?? []) {
      if (!isMark(id) && callOf(id) === callId) found.push({ part, id, value });
    }
  }
  return found;
}
