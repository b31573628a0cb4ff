export type Kind = 'call' | 'sweeper' | 'change';

/** How likely what is in a run, a step at a time; and how much money there is to quarrel about. */
export interface Weather {
  readonly calls: number;
  /** How likely a call starts, a step. */
  readonly starts: number;
  readonly silence: number;
  readonly pauses: Readonly<Record<Kind, number>>;
  readonly crashes: Readonly<Record<Kind, number>>;
  readonly pauseSeconds: readonly number[];
  readonly changes: number;
  readonly sweeps: number;
  /** Longest that a step of time is, in seconds; about one step in twenty is one. */
  readonly jump: number;
  /** How far clocks may be from the truth, in seconds. */
  readonly skew: number;
  readonly window: { readonly m: number; readonly d: number };
  /** Limits to choose from, of endpoints, callers and the account; undefined: none. */
  readonly limits: Readonly<Record<'e' | 'c' | 'a', readonly (number | undefined)[]>>;
  /** Limits that changes choose from, and the scopes that they choose. */
  readonly wishes: readonly number[];
  readonly scopes: readonly string[];
  readonly shards: number;
  readonly attempts: readonly number[];
  readonly seconds: readonly number[];
  /** Least and most that an attempt may cost. */
  readonly bound: readonly [number, number];
}

/** The limit of an endpoint that has none: far more than all calls cost. */
const AMPLE = 1_000_000;
const SOME = { e: [AMPLE, 60, 150], c: [undefined, 30, 100, 300], a: [undefined, 60, 200, 500] };
const CHANGED = { wishes: [10, 30, 60, 150, 400], scopes: ['endpoint:e0', 'caller:c0', 'caller:c1', 'account'] };

type Pick = <T>(of: readonly T[]) => T;

/** A bit of everything. */
const mixed = (pick: Pick): Weather => ({
  calls: 20,
  starts: 0.1,
  silence: pick([0, 0.02, 0.1, 0.25]),
  pauses: { call: pick([0, 0.002, 0.02]), sweeper: pick([0, 0.002, 0.01]), change: pick([0, 0.01, 0.05]) },
  crashes: { call: pick([0, 0.002, 0.01]), sweeper: pick([0, 0.002]), change: pick([0, 0.01, 0.05]) },
  pauseSeconds: [5, 40, 150, 400],
  changes: pick([0, 0.004, 0.02]),
  sweeps: pick([0.002, 0.01, 0.03]),
  jump: pick([1, 1, 2, 3, 10]),
  skew: pick([0, 0, 5]),
  window: { m: pick([400, 100_000]), d: pick([120, 400, 5000]) },
  limits: SOME,
  ...CHANGED,
  shards: 4,
  attempts: [1, 1, 2, 3],
  bound: [2, 12],
  seconds: [0, 1, 3, 20],
});

/** Little money in many shards, and many who want it: holds are split, given back, topped up. */
const tight = (pick: Pick): Weather => ({
  ...mixed(pick),
  calls: 20,
  starts: 0.4,
  silence: pick([0.1, 0.2]),
  pauses: { call: 0, sweeper: 0, change: 0 },
  crashes: { call: pick([0, 0.01]), sweeper: 0, change: 0 },
  changes: 0,
  jump: 1,
  window: { m: 100_000, d: 100_000 },
  limits: { e: [24, 36, 50], c: [undefined, undefined, 30], a: [undefined] },
  bound: [4, 12],
  seconds: [1, 8, 15],
});

/** Few answers: rounds follow rounds, and what was given up arrives late. */
const lossy = (pick: Pick): Weather => ({
  ...mixed(pick),
  calls: 12,
  silence: pick([0.2, 0.4]),
  pauses: { call: 0.001, sweeper: 0, change: 0 },
  crashes: { call: 0.02, sweeper: 0.001, change: 0 },
  changes: 0,
  jump: pick([1, 3]),
  limits: { e: [AMPLE], c: [undefined, undefined, 300], a: [undefined] },
  attempts: [2, 3],
  shards: 2,
});

/** Calls and sweepers fall asleep and come back when others have done their work. */
const late = (pick: Pick): Weather => ({
  ...mixed(pick),
  calls: 10,
  silence: pick([0, 0.1, 0.3]),
  seconds: [0, 3, 90, 120, 150],
  pauses: { call: 0.01, sweeper: pick([0.01, 0.05]), change: 0 },
  crashes: { call: pick([0, 0.02]), sweeper: pick([0, 0.01, 0.05]), change: 0 },
  pauseSeconds: [30, 60, 120],
  changes: 0,
  sweeps: 0.03,
  jump: 2,
  limits: { e: [AMPLE], c: [undefined, 300], a: [undefined, 500] },
  shards: 2,
});

/** Administrators who change their minds, and whose processes die. */
const changing = (pick: Pick): Weather => ({
  ...mixed(pick),
  calls: 12,
  pauses: { call: 0.001, sweeper: pick([0, 0.01]), change: pick([0.01, 0.05]) },
  crashes: { call: 0.002, sweeper: pick([0, 0.03]), change: pick([0.01, 0.05]) },
  pauseSeconds: [5, 40],
  changes: 0.03,
  sweeps: pick([0.01, 0.03]),
  jump: 1,
  window: { m: pick([200, 100_000]), d: pick([25, 100, 5000]) },
  skew: pick([0, 5]),
  limits: { e: [AMPLE, 60], c: [60, 150], a: [undefined] },
  bound: pick([
    [2, 12],
    [8, 20],
  ]),
  scopes: ['endpoint:e0', 'caller:c0'],
});

/** The account alone: purses, and a limit that falls. */
const escrow = (pick: Pick): Weather => ({
  ...mixed(pick),
  calls: 15,
  pauses: { call: 0.005, sweeper: pick([0, 0.01]), change: pick([0, 0.02]) },
  crashes: { call: 0.005, sweeper: 0.002, change: pick([0, 0.05]) },
  pauseSeconds: [5, 20, 150],
  changes: 0.01,
  jump: pick([1, 2]),
  limits: { e: [AMPLE], c: [undefined], a: [60, 200, 500] },
  wishes: [10, 30, 60, 200],
  scopes: ['account'],
  shards: 1,
});

const WEATHERS = { mixed, tight, lossy, late, changing, escrow };

export type WeatherName = keyof typeof WEATHERS;

/** Each seed has another weather, unless one is named. */
export function weatherOf(seed: number, pick: Pick, name?: WeatherName): Weather {
  const all = Object.values(WEATHERS);
  return (name ? WEATHERS[name] : (all[seed % all.length] ?? mixed))(pick);
}
