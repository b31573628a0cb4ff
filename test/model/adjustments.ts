import { budgetOf, isPurse, markOf, callOf, partOf } from './names.ts';
import { type Guard, type Steps, sure, TIME_IS_UP } from './network.ts';
import type { World } from './world.ts';

/** How long a mark stands, and how long a call may be in the list without its row: longer than any sweeper lives. */
export const MARK_SECONDS = 75;
/** How long a sweeper goes by a list that it has read. */
const LIST_SECONDS = 40;

/** Applies what is in the list, each difference once in each budget. */
export function* applyAdjustments(world: World): Steps<void> {
  yield;
  const until = world.now + LIST_SECONDS;
  const guard: Guard = () => {
    if (world.now >= until && world.holds('sweeper-life')) throw TIME_IS_UP;
  };
  try {
    yield* applyList(world, guard);
  } catch (error) {
    if (error !== TIME_IS_UP) throw error;
  }
}

function* applyList(world: World, guard: Guard): Steps<void> {
  const { ledger } = world;
  for (const [callId, { endpoint, at }] of [...ledger.list]) {
    yield;
    const delta = ledger.adjustment(endpoint, callId);
    if (delta === undefined) {
      // Its process died before it wrote the row; a row of nothing keeps it from doing so later.
      if (at + MARK_SECONDS < world.now) yield* sure(world, () => ledger.adjust(endpoint, callId, 0), guard);
      continue;
    }
    yield;
    const charges = ledger.entry(endpoint, callId)?.charges ?? [];
    const firsts = new Map(charges.toReversed().map(({ part }) => [budgetOf(part), part]));
    for (const [budget, first] of delta === 0 ? [] : firsts) {
      const part = isPurse(first) && world.holds('adjust-head') ? partOf(budget, 0) : first;
      const zero = `0|${world.now}`;
      yield* sure(world, () => world.adjust(part, delta, markOf(callId), zero), guard);
    }
    yield* sure(world, () => ledger.list.delete(callId), guard);
  }
}

/** A mark may go when it is old and its call has left the list. */
export function* dropMark(world: World, part: string, mark: string, value: string): Steps<void> {
  const made = Number(value.slice(2));
  if (made + MARK_SECONDS >= world.now && world.holds('mark-age')) return;
  yield;
  if (world.ledger.list.has(callOf(mark))) return;
  yield* sure(world, () => world.settle(part, mark, value, 0));
}
