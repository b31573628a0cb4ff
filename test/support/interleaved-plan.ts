import * as fc from 'fast-check';
import type { ScopeName } from '#budgets/budget.ts';
import type { WindowKind } from '#budgets/windows.ts';
import { FATES, type Fate } from './interleaved-network.ts';

/** How an attempt of a call ends: with an answer, with one that was billed and lost, or with a failure that costs nothing. */
export type AttemptEnd = 'answered' | 'cut' | 'failed' | 'not found';

/** While time passes: all goes on; the upstream gives no answer; nothing does. */
export type Meanwhile = 'all goes on' | 'upstream is silent' | 'all is silent';

/** One thing that happens in a run. */
export type Step =
  | {
      readonly do: 'call';
      readonly environment: number;
      readonly caller: number;
      /** Most output, in tens of tokens. */
      readonly size: number;
      readonly ends: readonly AttemptEnd[];
    }
  /** So many requests arrive and are answered, in an order of their own. */
  | { readonly do: 'serve'; readonly requests: number; readonly order: number }
  | { readonly do: 'strike'; readonly at: number; readonly fate: Fate }
  | { readonly do: 'crash'; readonly process: number }
  /** The longest pauses end with the run: a process that comes back when all is swept. */
  | { readonly do: 'pause'; readonly process: number; readonly forMs: number }
  | { readonly do: 'wait'; readonly ms: number; readonly meanwhile: Meanwhile }
  | { readonly do: 'sweep' }
  | {
      readonly do: 'change';
      readonly scope: ScopeName;
      readonly kind: WindowKind;
      /** In calls' worth; absent: the shards alone are changed. */
      readonly limitCalls?: number | undefined;
      readonly shards?: number | undefined;
    };

/** Limits (in calls' worth) and shards with which a run begins. */
export interface Setting {
  readonly endpoint: { readonly month: number; readonly day: number; readonly shards: number };
  readonly caller: { readonly month: number; readonly shards: number };
  readonly account: { readonly month: number; readonly day: number | undefined; readonly shards: number };
  /** Before the turn of a month, which is the turn of a day too. */
  readonly secondsToMidnight: number;
  /** Of the processes' own random sources. */
  readonly seed: number;
}

export interface Plan {
  readonly setting: Setting;
  readonly steps: readonly Step[];
}

const limitCalls = fc.constantFrom(60, 12, 5, 3, 2, 1, 3000);
const shards = fc.integer({ min: 1, max: 4 });

const serve = fc.record({
  do: fc.constant('serve' as const),
  requests: fc.integer({ min: 1, max: 40 }),
  order: fc.nat(2 ** 31),
});
/** Enough for whoever is about to come to an end. */
const serveMany = fc.record({
  do: fc.constant('serve' as const),
  requests: fc.integer({ min: 10, max: 70 }),
  order: fc.nat(2 ** 31),
});
const call = fc.record({
  do: fc.constant('call' as const),
  environment: fc.nat(2),
  caller: fc.constantFrom(0, 0, 1),
  size: fc.integer({ min: 1, max: 6 }),
  ends: fc.array(fc.constantFrom<AttemptEnd>('answered', 'cut', 'failed', 'not found'), { maxLength: 2 }),
});
const strike = fc.record({
  do: fc.constant('strike' as const),
  at: fc.nat(30),
  fate: fc.constantFrom<Fate>(...FATES),
});
const crash = fc.record({ do: fc.constant('crash' as const), process: fc.nat(9) });
const pause = fc.record({
  do: fc.constant('pause' as const),
  process: fc.nat(9),
  forMs: fc.constantFrom(5_000, 100_000, 200_000, 1e9),
});
const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.constantFrom(2_000, 31_000, 95_000, 130_000, 900_000),
  meanwhile: fc.oneof<fc.WeightedArbitrary<Meanwhile>[]>(
    { weight: 5, arbitrary: fc.constant('all goes on') },
    { weight: 2, arbitrary: fc.constant('upstream is silent') },
    { weight: 2, arbitrary: fc.constant('all is silent') },
  ),
});
const sweep = fc.record({ do: fc.constant('sweep' as const) });
const change = (scopes: readonly ScopeName[], kinds: readonly WindowKind[]) =>
  fc
    .record({
      do: fc.constant('change' as const),
      scope: fc.constantFrom(...scopes),
      kind: fc.constantFrom(...kinds),
      limitCalls: fc.option(fc.constantFrom(60, 12, 5, 3, 2, 1, 1, 3000), { nil: undefined, freq: 3 }),
      shards: fc.option(shards, { nil: undefined }),
    })
    .filter((wish) => wish.limitCalls !== undefined || wish.shards !== undefined);

const longWait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.constantFrom(95_000, 130_000, 900_000),
  meanwhile: fc.constant('all goes on' as const),
});
/** A process is paused with calls in flight; their holds expire and are swept; it comes back, and several sweepers hear of it. */
const lateReturn = fc.tuple(call, serveMany, pause, longWait, sweep, serveMany, longWait, sweep, sweep, serveMany);
/** Calls of one environment that run side by side, more than a purse has money for. */
const burst = fc
  .tuple(call, fc.array(call, { minLength: 2, maxLength: 8 }))
  .map(([first, others]) => [first].concat(others.map((other) => inEnvironment(other, first.environment))));
/** A process dies with calls in flight, and several sweepers find what it has left. */
const lostCall = fc.tuple(
  call,
  serveMany,
  crash,
  longWait,
  sweep,
  sweep,
  sweep,
  serveMany,
  fc.oneof(crash, pause, strike),
  serve,
);
/** Sweeps that get in each other's way, and die. */
const sweeps = fc.tuple(wait, sweep, sweep, serve, fc.oneof(crash, pause, strike), serve);

/** How often each kind of episode comes. */
function dealt(weights: Readonly<Record<string, number>>, changing: fc.Arbitrary<Step>): fc.Arbitrary<readonly Step[]> {
  /** A change is paused, another one comes, and then the first goes on. */
  const lateChange = fc.tuple(changing, serve, pause, changing, serve, call, serve, wait, serve);
  /** An environment that has called before meets the change. */
  const met = fc
    .tuple(call, serveMany, changing, serveMany, call, serveMany)
    .map(([first, ...others]) =>
      [first, ...others].map((step) => (step.do === 'call' ? inEnvironment(step, first.environment) : step)),
    );
  /** Changes that get in each other's way, and die. */
  const changes = fc.tuple(changing, changing, serve, fc.oneof(crash, pause, strike), serve);
  const alone = (step: fc.Arbitrary<Step>) => fc.tuple(step);
  const kinds: Readonly<Record<string, fc.Arbitrary<readonly Step[]>>> = {
    serve: alone(serve),
    call: alone(call),
    strike: alone(strike),
    crash: alone(crash),
    pause: alone(pause),
    wait: alone(wait),
    sweep: alone(sweep),
    change: alone(changing),
    burst,
    lostCall,
    lateReturn,
    sweeps,
    changes,
    lateChange,
    met,
  };
  return fc.oneof(...Object.entries(weights).map(([kind, weight]) => ({ weight, arbitrary: kinds[kind]! })));
}

const anyChange = change(['endpoint:e0', 'caller:c0', 'account'], ['month', 'day']);
const always = { serve: 10, call: 6, burst: 1, strike: 5, crash: 2, pause: 2, wait: 3, sweep: 1 };
/** All of it; mostly calls that die and come back; mostly changes of one budget, in each other's way; purses called back. */
const weathers = [
  dealt({ ...always, change: 1, met: 1, lateReturn: 1, lostCall: 1, sweeps: 1, changes: 1 }, anyChange),
  dealt({ ...always, lateReturn: 4, lostCall: 4, sweeps: 1 }, anyChange),
  dealt({ ...always, met: 2, changes: 3, lateChange: 5 }, change(['caller:c0'], ['month'])),
  dealt({ ...always, burst: 3, met: 4, lateReturn: 1, lateChange: 1 }, change(['account'], ['month'])),
];

const setting: fc.Arbitrary<Setting> = fc.record({
  endpoint: fc.record({ month: limitCalls, day: limitCalls, shards: fc.integer({ min: 1, max: 3 }) }),
  caller: fc.record({ month: limitCalls, shards: fc.integer({ min: 1, max: 3 }) }),
  account: fc.record({
    month: fc.constantFrom(3000, 3000, 400, 60, 12, 2),
    day: fc.option(fc.constantFrom(3000, 60, 12, 2), { nil: undefined }),
    shards: fc.integer({ min: 1, max: 2 }),
  }),
  secondsToMidnight: fc.constantFrom(86_400, 90, 10),
  seed: fc.nat(2 ** 31),
});

/** @param mostEpisodes of a run */
export function planOf(mostEpisodes: number): fc.Arbitrary<Plan> {
  const lives = weathers.map((episode) => fc.array(episode, { maxLength: mostEpisodes, size: 'max' }));
  return fc.record({ setting, steps: fc.oneof(...lives).map((episodes) => episodes.flat()) });
}

/** The same call, made by another environment. */
function inEnvironment<Call extends { readonly environment: unknown }>(
  other: Call,
  environment: Call['environment'],
): Call {
  return { ...other, environment };
}
