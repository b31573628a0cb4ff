import { settingsOf, windowAt } from './environment.ts';
import { recall } from './escrow.ts';
import { isEscrow, partOf, scopeOf, spanOf, windowOf } from './names.ts';
import { type Steps, sure } from './network.ts';
import { openHead } from './opening.ts';
import { type Change, type Part, type Settings, share, type World } from './world.ts';

/** `later`: a later change does the work, or did. */
type Outcome = 'done' | 'later' | 'absent';

const MAX_TRIES = 5;
/** How far two clocks may be apart. */
const CLOCKS_SECONDS = 10;

/** What an administrator asks for: the settings first, then every open window of the scope. */
export function* putLimits(
  world: World,
  scope: string,
  wish: Partial<Pick<Settings, 'limits' | 'shards'>>,
): Steps<void> {
  let settings: Settings | undefined;
  while (!settings) {
    yield;
    const before = settingsOf(world, scope);
    const limits = { ...before.limits, ...wish.limits };
    const next = { revision: before.revision + 1, limits, shards: wish.shards ?? before.shards };
    const write = () => {
      if (settingsOf(world, scope).revision !== before.revision) return false;
      world.settings.set(scope, next);
      return true;
    };
    if (yield* sure(world, write)) settings = next;
  }
  const outcomes: Outcome[] = [];
  const budgets: string[] = [];
  for (const span of ['m', 'd'] as const) {
    if (settings.limits[span] === undefined) continue;
    // By another clock the last window may still be open, or the next one be open already.
    const apart = world.holds('clocks-apart') ? CLOCKS_SECONDS : 0;
    const windows = new Set([-apart, apart].map((seconds) => windowAt(world, span, world.clock() + seconds)));
    for (const window of windows) {
      budgets.push(`${scope}#${window}`);
      outcomes.push(yield* follow(world, `${scope}#${window}`, settings));
    }
  }
  if (!outcomes.every((outcome) => outcome === 'done' || (outcome === 'later' && !world.holds('own-end')))) return;
  world.watch.told(scope, settings, budgets);
  world.note('a change that was answered');
}

/** Brings an open window to its settings. */
function* follow(world: World, budget: string, settings: Settings): Steps<Outcome> {
  const noGuard = () => {};
  const total = settings.limits[spanOf(budget)] as number;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    yield;
    const head = world.head(budget);
    if (!head) {
      if (!world.holds('change-opens')) return 'done';
      yield* openHead(world, budget, noGuard);
      continue;
    }
    const { revision, source } = head;
    if (source > settings.revision) return 'later';
    const wish = { revision: revision + 1, source: settings.revision, total, shards: shardsOf(budget, settings) };
    const there = head.total === total && head.shards === wish.shards;
    if (there && (source === wish.source || !world.holds('put-takes')) && (yield* layOf(world, budget)) === 'right') {
      if (isEscrow(budget) && world.holds('recall')) yield* recall(world, budget);
      return 'done';
    }
    const outcome = yield* change(world, budget, wish);
    if (outcome !== 'absent') return outcome;
  }
  return 'later';
}

/** The sweeper's part: finishes changes that died, moves money that lies wrong, follows settings. */
export function* mend(world: World, budget: string): Steps<void> {
  yield;
  const settings = settingsOf(world, scopeOf(budget));
  const open = windowOf(budget) === windowAt(world, spanOf(budget), world.clock());
  const limit = open ? settings.limits[spanOf(budget)] : undefined;
  yield;
  const head = world.head(budget) as Part;
  const before = { revision: head.revision + 1, source: head.source, total: head.total, shards: head.shards };
  const wish = limit === undefined ? before : { ...before, source: settings.revision, total: limit };
  if (open && !isEscrow(budget)) wish.shards = settings.shards;
  const differs = wish.total !== before.total || wish.shards !== before.shards;
  if (!differs && (yield* layOf(world, budget)) !== 'wrong') return;
  const outcome = yield* change(world, budget, wish);
  world.note(outcome === 'done' ? 'a budget mended' : 'a budget that could not be mended');
}

/** One change of one budget, from the revision to the shares. */
function* change(world: World, budget: string, wish: Change): Steps<Outcome> {
  const { revision, total, shards } = wish;
  if (!(yield* sure(world, () => world.take(budget, wish)))) return 'absent';
  yield;
  const head = world.head(budget) as Part;
  const most = head.most;
  if (most === 1) {
    if (isEscrow(budget) && world.holds('recall')) yield* recall(world, budget);
    return 'done';
  }
  for (let shard = 1; shard < most && world.holds('freeze-first'); shard++) {
    const part = partOf(budget, shard);
    let frozen = yield* sure(world, () => world.freeze(part, revision));
    while (frozen === 'absent' && world.holds('open-absent')) {
      yield* sure(world, () => world.openShard(part, 0, revision));
      frozen = yield* sure(world, () => world.freeze(part, revision));
    }
    if (frozen === 'later') return 'later';
  }
  const stands: { limit: number; available: number }[] = [];
  for (let shard = 0; shard < most; shard++) {
    yield;
    const part = world.parts.get(partOf(budget, shard));
    stands.push({ limit: part?.limit ?? 0, available: part?.available ?? 0 });
  }
  const limits = stands.reduce((sum, { limit }) => sum + limit, 0);
  const left = stands.reduce((sum, { available }) => sum + available, total - limits);
  if (left < 0) world.note('a budget in debt');
  for (const shard of [...stands.keys()].slice(1).concat(0)) {
    const { limit, available } = stands[shard] as { limit: number; available: number };
    const target = left < 0 ? (shard === 0 ? left : 0) : shard < shards ? share(left, shards, shard) : 0;
    const next = limit + target - available;
    const thaw = left >= 0 && shard < shards;
    const give = () => world.share(partOf(budget, shard), limit, next, revision, thaw, shard === 0 ? wish : undefined);
    if (!(yield* sure(world, give)) && !(yield* gave(world, partOf(budget, shard), next, revision, thaw)))
      return 'later';
  }
  world.note('shares changed');
  return 'done';
}

/** Whether a share that was refused had been given already, by a copy whose answer was lost. */
function* gave(world: World, name: string, limit: number, revision: number, thaw: boolean): Steps<boolean> {
  yield;
  const part = world.parts.get(name);
  return part?.limit === limit && part.revision === revision && (part.frozen === undefined) === thaw;
}

/**
 * How a budget's money lies. `wrong`: where it cannot be used, or a change died half-way. `moving`: a change began while
 * the parts were read one after the other, so that they say nothing together.
 */
export function* layOf(world: World, budget: string): Steps<'right' | 'wrong' | 'moving'> {
  yield;
  const head = world.head(budget) as Part;
  const { total, shards, most, revision } = head;
  const availables: number[] = [];
  let limits = 0;
  let frozen = false;
  let retired = false;
  for (let shard = 0; shard < most; shard++) {
    yield;
    const part = world.parts.get(partOf(budget, shard));
    const unopened = revision === 0 ? share(total, shards, shard) : 0;
    limits += part?.limit ?? unopened;
    availables.push(part?.available ?? unopened);
    if (shard < shards) frozen ||= part?.frozen !== undefined;
    else retired ||= part !== undefined && (part.available !== 0 || part.frozen === undefined);
  }
  yield;
  if (head.revision !== revision) return 'moving';
  const left = availables.reduce((sum, available) => sum + available, 0);
  if (limits !== total && left < 0 && left + total - limits >= 0) world.note('a change that died beside a debt');
  if (limits !== total && (left >= 0 || world.holds('debt-by-total'))) return 'wrong';
  const uneven = availables.some((available) => available < 0) && availables.some((available) => available > 0);
  return retired || uneven || (frozen && left >= 0) ? 'wrong' : 'right';
}

const shardsOf = (budget: string, settings: Settings): number => (isEscrow(budget) ? 1 : settings.shards);
