import { seededRandom } from '#test/support/seeded-random.ts';
import { applyAdjustments } from './adjustments.ts';
import { type Bill, call, type CallPlan } from './call.ts';
import { putLimits } from './change.ts';
import { type Environment, newEnvironment } from './environment.ts';
import type { Steps } from './network.ts';
import type { Rule } from './rules.ts';
import { sweep } from './sweeper.ts';
import { checkAtRest } from './verdict.ts';
import { type Kind, type Weather, type WeatherName, weatherOf } from './weather.ts';
import { Watch } from './watch.ts';
import { World } from './world.ts';

interface Process {
  readonly kind: Kind;
  readonly name: string;
  /** How far its clock is from the truth, in seconds. */
  readonly skew: number;
  readonly steps: Steps<void>;
  readonly environment?: Environment;
  wakesAt: number;
}

/** One run of the model: the same seed gives the same run. Gives what happened in it, by name. @throws Failure */
export function run(seed: number, without?: Rule, weatherName?: WeatherName): ReadonlyMap<string, number> {
  const random = seededRandom(seed);
  const weather = weatherOf(seed, (of) => of[Math.floor(random() * of.length)] as (typeof of)[number], weatherName);
  const world = new World(random, weather.window, (of) => new Watch(of), without);
  world.silence = weather.silence;
  settle(world, weather);
  const bills: Bill[] = [];
  play(world, weather, bills);
  rest(world);
  checkAtRest(world, bills);
  return world.seen;
}

/** The first settings of all scopes. An endpoint always has a month's limit. */
function settle(world: World, { limits, shards }: Weather): void {
  for (const scope of ['endpoint:e0', 'endpoint:e1', 'caller:c0', 'caller:c1', 'account']) {
    const from = limits[scope.charAt(0) as 'e' | 'c' | 'a'];
    const month = world.pick(from);
    const day = world.chance(0.5) ? world.pick(from) : undefined;
    const first = { ...(month !== undefined && { m: month }), ...(day !== undefined && { d: day }) };
    world.settings.set(scope, { revision: 0, limits: first, shards: world.whole(1, shards) });
  }
}

function play(world: World, weather: Weather, bills: Bill[]): void {
  const processes: Process[] = [];
  const environments = [0, 1, 2].map(newEnvironment);
  let made = 0;
  let started = 0;
  const start = (kind: Kind, steps: Steps<void>, environment?: Environment) => {
    processes.push({
      kind,
      name: `${kind} ${started++}`,
      skew: world.whole(-weather.skew, weather.skew),
      steps,
      wakesAt: 0,
      ...(environment && { environment }),
    });
  };
  while (made < weather.calls || processes.length > 0) {
    if (world.chance(0.05)) world.now += world.whole(1, weather.jump);
    land(world);
    const count = (kind: Kind) => processes.filter((process) => process.kind === kind).length;
    if (made < weather.calls && count('call') < 8 && world.chance(weather.starts)) {
      const plan = planOf(world, weather, environments, made++);
      start('call', call(world, plan, bills), plan.environment);
    }
    if (made < weather.calls && count('sweeper') < 3 && world.chance(weather.sweeps)) start('sweeper', sweeper(world));
    if (made < weather.calls && count('change') < 3 && world.chance(weather.changes))
      start('change', randomChange(world, weather));

    const awake = processes.filter((process) => process.wakesAt <= world.now);
    if (awake.length === 0) {
      passIdle(world, processes);
      if (count('sweeper') < 3 && world.chance(0.5)) start('sweeper', sweeper(world));
      continue;
    }
    const process = world.pick(awake);
    world.who = process.name;
    world.skew = process.skew;
    if (world.chance(weather.crashes[process.kind])) {
      processes.splice(processes.indexOf(process), 1);
      const lost = process.environment;
      if (lost) environments[environments.indexOf(lost)] = newEnvironment(lost.number);
      world.note('a crash');
    } else if (world.chance(weather.pauses[process.kind])) {
      process.wakesAt = world.now + world.pick(weather.pauseSeconds);
      world.note('a pause');
    } else if (process.steps.next().done) processes.splice(processes.indexOf(process), 1);
    else {
      process.wakesAt = world.now + world.sleep;
      world.sleep = 0;
    }
    world.watch.check();
  }
}

/** One that begins with the budgets, or with the list of adjustments. */
function sweeper(world: World): Steps<void> {
  return world.chance(0.7) ? sweep(world) : applyAdjustments(world);
}

/** Nobody is awake: time passes, at most until somebody wakes or something arrives. */
function passIdle(world: World, processes: readonly Process[]): void {
  const next = Math.min(...processes.map(({ wakesAt }) => wakesAt), ...world.late.map(({ at }) => at), world.now + 50);
  world.now = Math.max(world.now, next);
}

function planOf(world: World, weather: Weather, environments: readonly Environment[], number: number): CallPlan {
  const attempts = Array.from({ length: world.pick(weather.attempts) }, () => {
    const bound = world.whole(...weather.bound);
    return { bound, actual: world.whole(1, bound), answered: world.chance(0.9), seconds: world.pick(weather.seconds) };
  });
  const environment = world.pick(environments);
  return { number, endpoint: world.pick(['e0', 'e0', 'e1']), caller: world.pick(['c0', 'c1']), environment, attempts };
}

function randomChange(world: World, { scopes, wishes, ...weather }: Weather): Steps<void> {
  const scope = world.pick(scopes);
  const span = world.pick(['m', 'd'] as const);
  const limits = { [span]: world.pick(wishes) };
  const shards = { shards: world.whole(1, weather.shards) };
  return putLimits(world, scope, world.pick([{ limits }, { limits }, shards, { limits, ...shards }]));
}

/** What was on its way arrives. */
function land(world: World): void {
  if (world.late.length === 0) return;
  world.who = 'late';
  for (const request of world.late.filter(({ at }) => at <= world.now)) {
    world.late.splice(world.late.indexOf(request), 1);
    request.land();
  }
}

/** Time passes, and the sweeper runs until nothing is left to do. */
function rest(world: World): void {
  world.silence = 0;
  world.skew = 0;
  world.who = 'at rest';
  for (let sweeps = 0; sweeps < 5; sweeps++) {
    world.now += 1000;
    land(world);
    for (const _ of sweep(world)) world.watch.check();
    world.watch.check();
  }
}
