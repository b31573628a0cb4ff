import { shardsFor } from '../carries.ts';
import type { EscrowTerms } from '../escrow.ts';
import { lambdaLoadOf } from '../load.ts';
import type { Plot } from '../plot.ts';
import { percent, row, short, type Progress, type Section, type Table } from '../section.ts';
import { PURSE, SIZES, Stage, type Measures } from '../stage.ts';
import { CALL, type Load } from '../traffic.ts';
import { YIELDING, type Habits } from '../world.ts';
import { DURATIONS } from './capacity.ts';

const ENVIRONMENTS = [1_000, 5_000, 20_000];
const MEASURED_SECONDS = 30;
/** Until the sweeper has closed what environments could not. */
const LONG_SECONDS = 240;

const WAYS: readonly (readonly [string, EscrowTerms | undefined])[] = [
  ['shards alone', undefined],
  ['purses for 1 min', { ...PURSE, usedForMs: 60_000 }],
  ['purses for 10 min', PURSE],
];

interface Found extends Measures {
  readonly drawsACall: number;
  /** Bounds of a call, in purses, held by no call, for each environment. */
  readonly idleACall: number;
  readonly largestKb: number;
}

/** The account's budget under every call: shards alone against purses. */
export function account(seed: number, progress: Progress): Section {
  const rows = ENVIRONMENTS.flatMap((environments) =>
    DURATIONS.flatMap((seconds) => {
      progress(`account: ${environments} environments, ${seconds} s calls`);
      const load = lambdaLoadOf(environments, seconds);
      const shards = shardsFor(load.callsASecond, SIZES.otherHold, seconds, SIZES.head);
      return WAYS.map(([way, purse]) => ({
        environments,
        seconds,
        load,
        shards,
        way,
        ...play({ seed, shards, load, purse }),
      }));
    }),
  );
  return {
    title: 'The account: shards against purses',
    text: `Money in plenty; environments of Lambda, which serve one call at a time and are busy for 70 % of the time; as many shards as the calls would need
without purses. ${MEASURED_SECONDS} s are measured, or one call's time, with purses of all ages from the beginning. Units are all of the account's: shards and purses.`,
    tables: [
      {
        headings: [
          'environments',
          'calls',
          'calls a second',
          'shards',
          '',
          'write units a call',
          'read units a call',
          'draws a call',
          'reserving takes at most (99 %), ms',
          'largest shard, KB',
          '503',
        ],
        rows: rows.map(({ environments, seconds, load, shards, way, ...found }) => [
          short(environments),
          `${seconds} s`,
          short(load.callsASecond),
          shards,
          way,
          short(found.writeUnitsACall),
          short(found.readUnitsACall),
          found.drawsACall.toFixed(3),
          found.reserveMs,
          short(found.largestKb),
          percent(found.unavailableShare),
        ]),
      },
      floats(seed, progress),
      manyAtATime(seed, progress),
      reading(seed, progress),
    ],
    plots: [plotOf(rows.filter(({ environments }) => environments === 5_000))],
  };
}

/** How large a purse is drawn. */
function floats(seed: number, progress: Progress): Table {
  progress('account: sizes of a purse');
  const load = lambdaLoadOf(1_000, 2);
  const shards = shardsFor(load.callsASecond, SIZES.otherHold, 2, SIZES.head);
  return {
    caption: `sizes of a purse: 1,000 environments, 2 s calls, ${shards} shards, 10 min, bound 4 × actual`,
    headings: [
      'drawn for, calls',
      'draws a call',
      'write units a call',
      'idle money for each environment, bounds of a call',
    ],
    rows: [4, 8, 16, 32, 64, 128].map((callsAPurse) => {
      const found = play({ seed, shards, load, purse: { ...PURSE, callsAPurse } });
      return [callsAPurse, found.drawsACall.toFixed(3), short(found.writeUnitsACall), short(found.idleACall)];
    }),
  };
}

/** A hundredth of 10⁵ calls a second, in environments that serve many calls at a time. */
function manyAtATime(seed: number, progress: Progress): Table {
  const part = 0.01;
  return {
    caption: `100,000 calls a second of 2 s in environments that serve many calls at a time, for ${LONG_SECONDS} s; played as a hundredth of the calls, environments and shards`,
    headings: ['environments', 'drawn for, calls', 'draws a call', 'write units a call', 'largest shard, KB', '503'],
    rows: [1_000, 5_000, 20_000].flatMap((environments) =>
      [8, 32, 256].map((callsAPurse) => {
        progress(`account: ${environments} environments with many calls, purses of ${callsAPurse}`);
        const callsASecond = 100_000 * part;
        const load = {
          callsASecond,
          meanMs: 2_000,
          environments: environments * part,
          oneAtATime: false,
          boundOverActual: 4,
        };
        const shards = shardsFor(callsASecond, SIZES.otherHold, 2, SIZES.head);
        const found = play({ seed, shards, load, purse: { ...PURSE, callsAPurse }, measuredSeconds: LONG_SECONDS });
        return row([short(environments), callsAPurse], cellsOf(found));
      }),
    ),
  };
}

/** What it costs to read all shards before each draw. */
function reading(seed: number, progress: Progress): Table {
  progress('account: reading before drawing');
  return {
    caption: 'how the drawer knows what is left: by a condition of the draw / by reading the shards first (2 s calls)',
    headings: ['environments', 'write units a call', 'read units a call', 'reserving takes at most (99 %), ms'],
    rows: [1_000, 5_000].map((environments) => {
      const load = lambdaLoadOf(environments, 2);
      const shards = shardsFor(load.callsASecond, SIZES.otherHold, 2, SIZES.head);
      const pair = (['condition', 'reading'] as const).map((drawBy) =>
        play({ seed, shards, load, habits: { ...YIELDING, looks: 'all' }, purse: { ...PURSE, drawBy } }),
      );
      return [
        short(environments),
        pair.map(({ writeUnitsACall }) => short(writeUnitsACall)).join(' / '),
        pair.map(({ readUnitsACall }) => short(readUnitsACall)).join(' / '),
        pair.map(({ reserveMs }) => reserveMs).join(' / '),
      ];
    }),
  };
}

function cellsOf({ drawsACall, writeUnitsACall, largestKb, unavailableShare }: Found): string[] {
  return [drawsACall.toFixed(3), short(writeUnitsACall), short(largestKb), percent(unavailableShare)];
}

function play({
  seed,
  shards,
  load,
  habits = YIELDING,
  purse,
  measuredSeconds = Math.max(MEASURED_SECONDS, load.meanMs / 1000),
}: {
  readonly seed: number;
  readonly shards: number;
  readonly load: Omit<Load, 'route'>;
  readonly habits?: Habits;
  readonly purse: EscrowTerms | undefined;
  readonly measuredSeconds?: number;
}): Found {
  const stage = new Stage({ seed, habits, shards, holdBytes: SIZES.otherHold, purse, load });
  stage.seed();
  stage.traffic.start();
  const measured = stage.measureUntil(measuredSeconds * 1000);
  return {
    ...measured,
    drawsACall: (stage.escrow?.draws ?? 0) / stage.traffic.outcomes.granted,
    idleACall: (stage.escrow?.idle() ?? 0) / CALL / load.environments,
    largestKb: Math.max(...stage.shards.shards.map((part) => part.bytes)) / 1024,
  };
}

function plotOf(rows: readonly ({ readonly seconds: number; readonly way: string } & Measures)[]): Plot {
  return {
    file: 'account.svg',
    title: 'The account: shards against purses, 5,000 environments',
    x: { label: 'a call lasts, s', scale: 'log', ticks: DURATIONS },
    y: { label: 'write units a call', scale: 'log', ticks: [1, 2, 5, 10, 20, 50, 100] },
    series: WAYS.map(([name]) => ({
      name,
      points: rows
        .filter(({ way }) => way === name)
        .map(({ seconds, writeUnitsACall }) => [seconds, writeUnitsACall] as const),
    })),
  };
}
