import { seededRandom } from '#test/support/seeded-random.ts';
import { type Bill, call, type CallPlan } from './call.ts';
import { putLimits } from './change.ts';
import { type Environment, newEnvironment } from './environment.ts';
import type { Steps } from './network.ts';
import type { Rule } from './rules.ts';
import { sweep } from './sweeper.ts';
import { checkAtRest } from './verdict.ts';
import { type Settings, World } from './world.ts';

const CALLS = 25;
const AMPLE = 1_000_000;

type Kind = 'call' | 'sweeper' | 'change';

interface Process {
  readonly kind: Kind;
  readonly name: string;
  readonly steps: Steps<void>;
  readonly environment?: Environment;
  wakesAt: number;
}

/** How a run is dealt: each seed has another weather. */
interface Weather {
  readonly pauses: Record<Kind, number>;
  readonly crashes: Record<Kind, number>;
  readonly changes: number;
  readonly sweeps: number;
  readonly jump: number;
}

/** One run of the model: the same seed gives the same run. Gives what happened in it, by name. @throws Failure */
export function run(seed: number, without?: Rule): ReadonlyMap<string, number> {
  const random = seededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const world = new World(random, { m: pick([400, 100_000]), d: pick([120, 400, 5000]) }, without);
  world.silence = pick([0, 0.02, 0.1, 0.25]);
  const weather: Weather = {
    pauses: { call: pick([0, 0.002, 0.03]), sweeper: pick([0, 0.002, 0.01]), change: pick([0, 0.01, 0.05]) },
    crashes: { call: pick([0, 0.002, 0.01]), sweeper: pick([0, 0.002]), change: pick([0, 0.01, 0.05]) },
    changes: pick([0, 0.004, 0.03]),
    sweeps: pick([0.002, 0.01, 0.03]),
    jump: pick([1, 1, 2, 3, 10]),
  };
  settle(world);
  const bills: Bill[] = [];
  play(world, weather, bills);
  rest(world);
  checkAtRest(world, bills);
  return world.seen;
}

/** The first settings of all scopes. */
function settle(world: World): void {
  const maybe = (limit: number): number | undefined => (world.chance(0.5) ? limit : undefined);
  const put = (scope: string, month: number | undefined, day: number | undefined, shards: number) => {
    const limits = { ...(month !== undefined && { m: month }), ...(day !== undefined && { d: day }) };
    world.settings.set(scope, { revision: 0, limits, shards } satisfies Settings);
  };
  for (const endpoint of ['e0', 'e1']) {
    put(`endpoint:${endpoint}`, world.pick([AMPLE, 60, 150]), maybe(world.pick([40, 120])), world.whole(1, 4));
  }
  for (const caller of ['c0', 'c1']) {
    put(`caller:${caller}`, maybe(world.pick([30, 100, 300])), maybe(world.pick([25, 100])), world.whole(1, 3));
  }
  put('account', maybe(world.pick([60, 200, 500])), maybe(world.pick([50, 200])), 1);
}

function play(world: World, weather: Weather, bills: Bill[]): void {
  const processes: Process[] = [];
  const environments = [0, 1, 2].map(newEnvironment);
  let made = 0;
  let started = 0;
  const start = (kind: Kind, steps: Steps<void>, environment?: Environment) => {
    processes.push({ kind, name: `${kind} ${started++}`, steps, wakesAt: 0, ...(environment && { environment }) });
  };
  while (made < CALLS || processes.length > 0) {
    if (world.chance(0.05)) world.now += world.whole(1, weather.jump);
    land(world);
    const count = (kind: Kind) => processes.filter((process) => process.kind === kind).length;
    if (made < CALLS && count('call') < 6 && world.chance(0.1)) {
      const plan = planOf(world, environments, made++);
      start('call', call(world, plan, bills), plan.environment);
    }
    if (made < CALLS && count('sweeper') < 3 && world.chance(weather.sweeps)) start('sweeper', sweep(world));
    if (made < CALLS && count('change') < 3 && world.chance(weather.changes)) start('change', randomChange(world));

    const awake = processes.filter((process) => process.wakesAt <= world.now);
    if (awake.length === 0) {
      const next = Math.min(...processes.map(({ wakesAt }) => wakesAt), ...world.late.map(({ at }) => at));
      if (processes.length > 0) world.now = Math.max(world.now, next);
      continue;
    }
    const process = world.pick(awake);
    world.who = process.name;
    if (world.chance(weather.crashes[process.kind])) {
      processes.splice(processes.indexOf(process), 1);
      const lost = process.environment;
      if (lost) environments[environments.indexOf(lost)] = newEnvironment(lost.number);
      world.note('a crash');
    } else if (world.chance(weather.pauses[process.kind])) {
      process.wakesAt = world.now + world.pick([5, 40, 150, 400]);
      world.note('a pause');
    } else if (process.steps.next().done) processes.splice(processes.indexOf(process), 1);
    world.watch.check();
  }
}

function planOf(world: World, environments: readonly Environment[], number: number): CallPlan {
  const attempts = Array.from({ length: world.pick([1, 1, 2, 3]) }, () => {
    const bound = world.whole(2, 12);
    return { bound, actual: world.whole(1, bound), answered: world.chance(0.9) };
  });
  const environment = world.pick(environments);
  return { number, endpoint: world.pick(['e0', 'e0', 'e1']), caller: world.pick(['c0', 'c1']), environment, attempts };
}

function randomChange(world: World): Steps<void> {
  const scope = world.pick(['endpoint:e0', 'caller:c0', 'caller:c1', 'account']);
  const span = world.pick(['m', 'd'] as const);
  const limits = { [span]: world.pick([10, 30, 60, 150, 400]) };
  const shards = { shards: world.whole(1, 4) };
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
  world.who = 'at rest';
  for (let sweeps = 0; sweeps < 5; sweeps++) {
    world.now += 1000;
    land(world);
    for (const _ of sweep(world)) world.watch.check();
    world.watch.check();
  }
}
