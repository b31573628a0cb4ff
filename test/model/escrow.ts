import type { Environment, Purse } from './environment.ts';
import { amountOf, expiryOf, holdIdOf, isDraw, isEscrow, ownerOf, partOf, plainValue } from './names.ts';
import { type Guard, once, type Steps, sure } from './network.ts';
import type { World } from './world.ts';

const USED_SECONDS = 60;
/** From the last use of a purse until the sweeper closes it. */
const PURSE_MARGIN = 60;

/** The purse that a round shall take from: the one at hand, or a new one. None: the call holds in the head itself. */
export function* purseFor(
  world: World,
  environment: Environment,
  budget: string,
  amount: number,
  guard: Guard,
): Steps<string | undefined> {
  if (!isEscrow(budget)) return undefined;
  const standing = environment.purses.get(budget);
  if (standing && standing.usedUntil > world.clock() && standing.left >= amount) {
    standing.left -= amount;
    return standing.name;
  }
  const drawn = yield* draw(world, environment, budget, amount, guard);
  if (standing) yield* close(world, budget, standing.drawId, standing.drawValue);
  return drawn;
}

function* draw(
  world: World,
  environment: Environment,
  budget: string,
  amount: number,
  guard: Guard,
): Steps<string | undefined> {
  const name = `p${world.whole(1, 2 ** 40).toString(36)}`;
  const usedUntil = world.clock() + USED_SECONDS;
  const drawId = holdIdOf(usedUntil + PURSE_MARGIN, name, 'f');
  const value = plainValue(amount + world.whole(5, 30), name);
  const drawn = yield* once(world, () => world.reserve(partOf(budget, 0), drawId, value), guard);
  if (drawn !== true) return undefined;
  yield* sure(world, () => world.openShard(partOf(budget, name), amountOf(value)), guard);
  const purse: Purse = { name, drawId, drawValue: value, usedUntil, left: amountOf(value) - amount };
  environment.purses.set(budget, purse);
  world.note('a purse drawn');
  return name;
}

/** Closes a purse: nothing new is held in it, and when it holds nothing, its head takes back what is left. */
export function* close(world: World, budget: string, drawId: string, drawValue: string): Steps<void> {
  const part = partOf(budget, ownerOf(drawValue));
  if (world.holds('close-frozen')) yield* freezePurse(world, part);
  yield;
  const purse = world.parts.get(part);
  if (purse && purse.holds.size > 0) return;
  const spent = purse?.spent ?? 0;
  if (yield* sure(world, () => world.settle(partOf(budget, 0), drawId, drawValue, spent))) world.note('a purse closed');
}

/** Nothing new is held in a purse from now on; one that is not there yet is put, frozen and empty. */
export function* freezePurse(world: World, part: string): Steps<void> {
  while ((yield* sure(world, () => world.freeze(part, 1))) === 'absent') {
    if (!world.holds('purse-tomb')) return;
    yield* sure(world, () => world.openShard(part, 0, 1));
  }
}

/** Freezes all purses that the head's holds name. */
export function* recall(world: World, budget: string): Steps<void> {
  yield;
  const head = world.head(budget);
  if (!head) return;
  const draws = [...head.holds].filter(([id]) => isDraw(id));
  for (const [, value] of draws) yield* freezePurse(world, partOf(budget, ownerOf(value)));
  if (draws.length > 0) world.note('purses recalled');
}

/** Purses of a head that the sweeper has to look after. */
export function drawsOf(
  holds: ReadonlyMap<string, string>,
  now: number,
): { id: string; value: string; expired: boolean }[] {
  return [...holds].filter(([id]) => isDraw(id)).map(([id, value]) => ({ id, value, expired: expiryOf(id) < now }));
}
