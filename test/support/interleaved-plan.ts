import * as fc from 'fast-check';
import type { ScopeName } from '#budgets/budget.ts';
import type { WindowKind } from '#budgets/windows.ts';
import { FATES, type Fate } from './interleaved-network.ts';

/** How an attempt of a call ends: with an answer, with one that was billed and lost, or with a failure that costs nothing. */
export type AttemptEnd = 'answered' | 'cut' | 'failed' | 'not found';

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
  /** Time passes: for `isDeaf`, without any answer from anywhere. */
  | { readonly do: 'wait'; readonly ms: number; readonly isDeaf: boolean }
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

const limitCalls = fc.constantFrom(60, 12, 5, 2, 1, 3000);
const shards = fc.integer({ min: 1, max: 4 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('serve' as const),
      requests: fc.integer({ min: 1, max: 24 }),
      order: fc.nat(2 ** 31),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      environment: fc.nat(2),
      caller: fc.nat(1),
      size: fc.integer({ min: 1, max: 6 }),
      ends: fc.array(fc.constantFrom<AttemptEnd>('answered', 'cut', 'failed', 'not found'), { maxLength: 2 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('strike' as const),
      at: fc.nat(30),
      fate: fc.constantFrom<Fate>(...FATES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), process: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('pause' as const),
      process: fc.nat(9),
      forMs: fc.constantFrom(5_000, 100_000, 200_000, 1e9),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(2_000, 31_000, 95_000, 130_000, 700_000),
      isDeaf: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        do: fc.constant('change' as const),
        scope: fc.constantFrom<ScopeName>('endpoint:e0', 'caller:c0', 'account'),
        kind: fc.constantFrom<WindowKind>('month', 'day'),
        limitCalls: fc.option(limitCalls, { nil: undefined }),
        shards: fc.option(shards, { nil: undefined }),
      })
      .filter(({ limitCalls: calls, shards: count }) => calls !== undefined || count !== undefined),
  },
);

const setting: fc.Arbitrary<Setting> = fc.record({
  endpoint: fc.record({ month: limitCalls, day: limitCalls, shards: fc.integer({ min: 1, max: 3 }) }),
  caller: fc.record({ month: limitCalls, shards: fc.integer({ min: 1, max: 3 }) }),
  account: fc.record({
    month: fc.constantFrom(3000, 60, 12, 2),
    day: fc.option(fc.constantFrom(3000, 60, 12, 2), { nil: undefined }),
    shards: fc.integer({ min: 1, max: 2 }),
  }),
  secondsToMidnight: fc.constantFrom(86_400, 90, 10),
  seed: fc.nat(2 ** 31),
});

/** @param mostSteps of a run */
export function planOf(mostSteps: number): fc.Arbitrary<Plan> {
  return fc.record({ setting, steps: fc.array(step, { minLength: 5, maxLength: mostSteps, size: 'max' }) });
}
