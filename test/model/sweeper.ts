import { applyAdjustments } from './adjustments.ts';
import { layOf, mend } from './change.ts';
import { chargedTo } from './charging.ts';
import { decide } from './decision.ts';
import { close, drawsOf, recall } from './escrow.ts';
import { callOf, expiryOf, isDraw, isEscrow, isMark, ownerOf, partOf, scopeOf } from './names.ts';
import { endOf } from './environment.ts';
import { type Steps, sure } from './network.ts';
import type { World } from './world.ts';

/** After the end of a window: until then calls of the window may still hold, and their requests be on their way. */
const GRACE_SECONDS = 60;

/** One sweep over all budgets. Any number may run at once, and die anywhere. */
export function* sweep(world: World): Steps<void> {
  yield;
  for (const budget of Array.from(world.directory)) yield* sweepBudget(world, budget);
  yield* applyAdjustments(world);
}

function* sweepBudget(world: World, budget: string): Steps<void> {
  yield;
  const over = endOf(world, budget) + GRACE_SECONDS < world.clock() || !world.holds('directory-grace');
  const head = world.head(budget);
  if (!head) {
    if (over) yield* sure(world, () => world.directory.delete(budget));
    return;
  }
  const { most, revision } = head;
  const inDebt = head.available < 0;
  const draws = drawsOf(head.holds, world.clock());
  for (const { value } of draws) yield* sweepPart(world, partOf(budget, ownerOf(value)));
  for (let shard = 0; shard < most; shard++) yield* sweepPart(world, partOf(budget, shard));
  for (const { id, value, expired } of draws) if (expired) yield* close(world, budget, id, value);
  if (isEscrow(budget) && inDebt && world.holds('swept-recall')) yield* recall(world, budget);
  world.watch.swept(budget, revision);
  yield* mend(world, budget);
  if (over && (yield* isEmpty(world, budget))) yield* sure(world, () => world.directory.delete(budget));
}

/** Whether a budget holds nothing and has no change under way. */
function* isEmpty(world: World, budget: string): Steps<boolean> {
  yield;
  const head = world.head(budget);
  for (let shard = 0; shard < (head?.most ?? 0); shard++) {
    yield;
    if ((world.parts.get(partOf(budget, shard))?.holds.size ?? 0) > 0) return false;
  }
  return (yield* layOf(world, budget)) === 'right';
}

function* sweepPart(world: World, part: string): Steps<void> {
  yield;
  for (const [id, value] of Array.from(world.parts.get(part)?.holds ?? [])) {
    if (!isMark(id) && !isDraw(id) && expiryOf(id) < world.clock()) yield* settleExpired(world, part, id, value);
  }
}

/** The ledger decides, the counters follow. */
function* settleExpired(world: World, part: string, id: string, value: string): Steps<void> {
  const { ledger } = world;
  const callId = callOf(id);
  const scope = scopeOf(part);
  const endpoint = scope.startsWith('endpoint:') ? scope.slice('endpoint:'.length) : ownerOf(value);
  yield;
  let entry = ledger.entry(endpoint, callId);
  if (!entry) {
    const decided = yield* decide(world, endpoint, callId);
    yield* sure(world, () => ledger.record(endpoint, callId, decided));
    yield;
    entry = world.holds('ledger-first') ? ledger.entry(endpoint, callId) : decided;
  }
  const actual = chargedTo(entry?.charges ?? [], part, id);
  yield* sure(world, () => world.settle(part, id, value, actual));
}
