import type { Budget } from '../budget.ts';
import { FILL, shardsFor } from '../carries.ts';
import { Escrow } from '../escrow.ts';
import { lambdaLoad } from '../load.ts';
import { percent, short, type Progress, type Section } from '../section.ts';
import { PLENTY, PURSE, SIZES, seedPurses } from '../stage.ts';
import { ShardedBudget } from '../sharded-budget.ts';
import { Traffic } from '../traffic.ts';
import { createWorld, type World } from '../world.ts';

const ENDPOINTS = 100;
const CALLERS = 900;
const WARM_SECONDS = 0.5;

interface Case {
  readonly seed: number;
  readonly callsASecond: number;
  readonly seconds: number;
  /** Time runs so many times faster, and holds weigh so many times more. */
  readonly compression: number;
  readonly mostShards: number;
  readonly measuredSeconds: number;
}

interface Found {
  readonly grantedShare: number;
  readonly unavailableShare: number;
  readonly writeUnitsACall: number;
  readonly grantedASecond: number;
  readonly shards: number;
  readonly hottest: number;
  readonly accountShards: number;
  readonly environments: number;
}

/** 10⁵ calls a second over 10³ scopes and the account. */
export function whole(seed: number, progress: Progress): Section {
  const of = (each: Omit<Case, 'seed'>) => {
    progress(
      `whole: ${short(each.callsASecond)} calls/s of ${each.seconds} s, compressed ${each.compression} ×, at most ${each.mostShards} shards`,
    );
    return { each, found: play({ seed, ...each }) };
  };
  const full = { callsASecond: 100_000, mostShards: Infinity, measuredSeconds: 2 };
  const rows = [
    of({ ...full, seconds: 2, compression: 1 }),
    of({ ...full, seconds: 20, compression: 10 }),
    of({ ...full, seconds: 120, compression: 60 }),
  ];
  const few = { callsASecond: 10_000, seconds: 2, compression: 1, measuredSeconds: 10 };
  const capped = [1, 4, 16, 64].map((mostShards) => of({ ...few, mostShards }));
  const small = { callsASecond: 5_000, seconds: 20, measuredSeconds: 20 };
  const checks = [Infinity, 2].flatMap((mostShards) =>
    [1, 10].map((compression) => of({ ...small, compression, mostShards })),
  );
  const rowOf = ({ each, found }: (typeof rows)[number]) => [
    short(each.callsASecond),
    each.compression === 1 ? `${each.seconds} s` : `${each.seconds} s, compressed ${each.compression} ×`,
    each.mostShards === Infinity ? 'the rule' : `at most ${each.mostShards}`,
    short(found.shards),
    short(found.hottest),
    short(found.accountShards),
    short(found.environments * each.compression),
    short(found.grantedASecond),
    percent(found.unavailableShare),
    short(found.writeUnitsACall),
  ];
  const headings = [
    'calls a second',
    'calls',
    'shards',
    'shards of all scopes',
    'of the hottest',
    'of the account',
    'environments',
    'granted a second',
    '503',
    'write units a call',
  ];
  return {
    title: 'A hundred thousand calls a second',
    text: `Each call has an endpoint (${ENDPOINTS}, Zipf: the first has 19 % of the calls), a caller (${CALLERS}, Zipf: 14 %) and the account with purses of 10 minutes; money in plenty. Calls
of 2 s are played exactly, all of them. Those of 20 s and 120 s are compressed: durations and the life of purses are divided and the bytes of holds in shards multiplied by the same
factor, so that requests a second and bytes of each item are the true ones, while there are fewer calls in flight to keep. The last table checks this by
runs of a twentieth of the load, exact and compressed. Shards by the rule, ${percent(FILL)} filled.`,
    tables: [
      { headings, rows: rows.map(rowOf) },
      {
        caption:
          'with fewer shards than the rule says in endpoints and callers: the first ten seconds of a tenth of the load',
        headings,
        rows: capped.map(rowOf),
      },
      { caption: 'exact and compressed', headings, rows: checks.map(rowOf) },
    ],
  };
}

function play(each: Case): Found {
  const { seed, callsASecond, seconds, compression, measuredSeconds } = each;
  const world = createWorld(seed);
  const endpoints = scopes(world, each, { count: ENDPOINTS, holdBytes: SIZES.endpointHold });
  const callers = scopes(world, each, { count: CALLERS, holdBytes: SIZES.otherHold });
  const load = lambdaLoad(callsASecond, seconds / compression);
  const purse = {
    ...PURSE,
    usedForMs: PURSE.usedForMs / compression,
    floatBytes: SIZES.float * compression,
  };
  const accountShards = shardsFor(callsASecond, SIZES.otherHold, seconds, SIZES.head);
  const shards = new ShardedBudget(world, {
    limit: PLENTY,
    shards: accountShards,
    holdBytes: SIZES.otherHold * compression,
    baseBytes: SIZES.head,
  });
  const account = new Escrow(world, shards, purse);
  seedPurses(world, account, { purse, ...load });
  const route = () => [endpoints.pick(), callers.pick(), account];
  const traffic = new Traffic(world, { ...load, route });
  traffic.seed();
  traffic.start();
  world.queue.runUntil(WARM_SECONDS * 1000);
  const before = { ...traffic.outcomes, units: world.dynamo.usage.writeUnits };
  world.queue.runUntil((WARM_SECONDS + measuredSeconds) * 1000);
  const { offered, granted, unavailable } = traffic.outcomes;
  return {
    grantedShare: (granted - before.granted) / (offered - before.offered),
    unavailableShare: (unavailable - before.unavailable) / (offered - before.offered),
    writeUnitsACall: (world.dynamo.usage.writeUnits - before.units) / (granted - before.granted),
    grantedASecond: (granted - before.granted) / measuredSeconds,
    shards: endpoints.shards + callers.shards,
    hottest: endpoints.hottest,
    accountShards: shards.shards.length,
    environments: load.environments,
  };
}

interface Scopes {
  readonly pick: () => Budget;
  readonly shards: number;
  readonly hottest: number;
}

/** Budgets whose calls follow Zipf's law: the n-th has 1/n of the first. */
function scopes(world: World, each: Case, { count, holdBytes }: { count: number; holdBytes: number }): Scopes {
  const weights = Array.from({ length: count }, (_, at) => 1 / (at + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const budgets = weights.map((weight) => {
    const callsASecond = (each.callsASecond * weight) / total;
    const shards = Math.min(each.mostShards, shardsFor(callsASecond, holdBytes, each.seconds, SIZES.head));
    return new ShardedBudget(world, {
      limit: PLENTY,
      shards,
      holdBytes: holdBytes * each.compression,
      baseBytes: SIZES.head,
    });
  });
  const ends: number[] = [];
  for (const weight of weights) ends.push((ends.at(-1) ?? 0) + weight / total);
  const counts = budgets.map((budget) => budget.shards.length);
  return {
    pick: () => budgets[firstAtLeast(ends, world.random())]!,
    shards: counts.reduce((sum, shards) => sum + shards, 0),
    hottest: counts[0]!,
  };
}

/** By halving; the last where rounding leaves none. */
function firstAtLeast(ends: readonly number[], value: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
