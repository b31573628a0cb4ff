import { type Environment, known, settingsOf } from './environment.ts';
import { partOf, scopeOf, spanOf } from './names.ts';
import { type Guard, type Steps, sure } from './network.ts';
import { share, type World } from './world.ts';

/** Opens a budget's head: its name goes into the directory first, and its limit comes from settings read now. */
export function* openHead(world: World, budget: string, guard: Guard, environment?: Environment): Steps<void> {
  const scope = scopeOf(budget);
  yield;
  const stale = environment && !world.holds('fresh-opening');
  const settings = stale ? known(world, environment, scope) : settingsOf(world, scope);
  const total = settings.limits[spanOf(budget)];
  if (total === undefined) return;
  const enter = () => world.directory.add(budget);
  if (world.holds('directory-first')) yield* sure(world, enter, guard);
  yield* sure(
    world,
    () => world.openHead(budget, total, budget.startsWith('account#') ? 1 : settings.shards, settings.revision),
    guard,
  );
  if (!world.holds('directory-first')) yield* sure(world, enter, guard);
}

/** Opens a shard that the head knows: only while no change has been made, for changes open all shards themselves. */
export function* openShard(world: World, budget: string, shard: number, guard: Guard): Steps<boolean> {
  yield;
  const head = world.head(budget);
  if (!head || shard >= head.shards) return false;
  if (head.revision > 0) return false;
  const limit = share(head.total, head.shards, shard);
  yield* sure(world, () => world.openShard(partOf(budget, shard), limit), guard);
  return true;
}
