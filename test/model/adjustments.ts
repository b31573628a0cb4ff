import { budgetOf, isPurse, markOf, partOf } from './names.ts';
import type { Charge, Pointer } from './ledger.ts';
import { type Guard, type Steps, sure, TIME_IS_UP } from './network.ts';
import type { World } from './world.ts';

/** How long a mark stands after its call was done, and how long a call may be in the list without its row. */
const MARK_SECONDS = 75;
/** How long a sweeper goes by a list that it has read: with all that is still on its way, shorter than a mark stands. */
const LIST_SECONDS = 40;

/** Applies what is in the list, each difference once in each budget. */
export function* applyAdjustments(world: World): Steps<void> {
  yield;
  const until = world.clock() + LIST_SECONDS;
  const guard: Guard = () => {
    if (world.clock() >= until && world.holds('list-age')) throw TIME_IS_UP;
  };
  try {
    for (const [callId, pointer] of Array.from(world.ledger.list)) {
      if (pointer.done === undefined) yield* applyOne(world, callId, pointer, guard);
      else yield* forget(world, callId, pointer);
    }
  } catch (error) {
    if (error !== TIME_IS_UP) throw error;
  }
}

function* applyOne(world: World, callId: string, { endpoint, at }: Pointer, guard: Guard): Steps<void> {
  const { ledger } = world;
  yield;
  const delta = ledger.adjustment(endpoint, callId);
  if (delta === undefined) {
    // Its process died before it wrote the row; a row of nothing keeps it from doing so later.
    if (at + MARK_SECONDS < world.clock()) yield* sure(world, () => ledger.adjust(endpoint, callId, 0), guard);
    return;
  }
  yield;
  const charges = ledger.entry(endpoint, callId)?.charges ?? [];
  for (const part of delta === 0 ? [] : adjusted(world, charges)) {
    yield* sure(world, () => world.adjust(part, delta, markOf(callId), '0'), guard);
  }
  const now = world.clock();
  yield* sure(world, () => ledger.done(callId, now), guard);
}

/** When no sweeper can be left that has read the list before the call was done, its marks go, and then the call. */
function* forget(world: World, callId: string, { endpoint, at, done = at }: Pointer): Steps<void> {
  const { ledger } = world;
  const since = world.holds('mark-from-done') ? done : at;
  if (since + MARK_SECONDS >= world.clock() && world.holds('mark-age')) return;
  yield;
  for (const part of adjusted(world, ledger.entry(endpoint, callId)?.charges ?? [])) {
    yield* sure(world, () => world.settle(part, markOf(callId), '0', 0));
  }
  yield* sure(world, () => ledger.list.delete(callId));
}

/** Of each budget, the first part that the entry charged; of a purse, its head. */
function adjusted(world: World, charges: readonly Charge[]): string[] {
  const firsts = new Map(charges.toReversed().map(({ part }) => [budgetOf(part), part]));
  return [...firsts].map(([budget, part]) => (isPurse(part) && world.holds('adjust-head') ? partOf(budget, 0) : part));
}
