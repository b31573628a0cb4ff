import { shardsFor } from '../carries.ts';
import type { EscrowTerms } from '../escrow.ts';
import { lambdaLoadOf } from '../load.ts';
import type { Plot } from '../plot.ts';
import { percent, short, type Progress, type Section, type Table } from '../section.ts';
import { PURSE, SIZES, Stage, type Measures } from '../stage.ts';
import { CALL, type Load } from '../traffic.ts';
import { DURATIONS } from './capacity.ts';

const ENVIRONMENTS = [1_000, 5_000, 20_000];
const MEASURED_SECONDS = 30;

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
      return WAYS.map(([way, purse]) => ({ environments, seconds, load, shards, way, ...play({ seed, shards, load, purse }) }));
    }),
  );
  return {
    title: 'The account: shards against purses',
    text: `Money in plenty; environments of Lambda, which serve one call at a time and are busy for 70 % of the time; as many shards as the calls would need
without purses. ${MEASURED_SECONDS} s are measured, with purses of all ages from the beginning. Units are all of the account's: shards and purses.`,
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
      drawing(seed, progress),
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
    headings: ['drawn for, calls', 'draws a call', 'write units a call', 'idle money for each environment, bounds of a call'],
    rows: [4, 8, 16, 32, 64, 128].map((callsAPurse) => {
      const found = play({ seed, shards, load, purse: { ...PURSE, callsAPurse } });
      return [callsAPurse, found.drawsACall.toFixed(3), short(found.writeUnitsACall), short(found.idleACall)];
    }),
  };
}

/** How the drawer knows what is left, and environments that serve many calls at a time. */
function drawing(seed: number, progress: Progress): Table {
  progress('account: ways to draw');
  const tenth = 0.1;
  const rows = [1_000, 5_000, 20_000].flatMap((environments) =>
    [32, 2_048].map((callsAPurse) => {
      const load: Omit<Load, 'route'> = {
        callsASecond: 100_000 * tenth,
        meanMs: 2_000,
        environments: environments * tenth,
        oneAtATime: false,
        boundOverActual: 4,
      };
      const shards = shardsFor(load.callsASecond, SIZES.otherHold, 2, SIZES.head);
      const purse = { ...PURSE, callsAPurse, usedForMs: 60_000 };
      const found = play({ seed, shards, load, purse });
      return [short(environments), callsAPurse, ...cellsOf(found)];
    }),
  );
  return {
    caption:
      '100,000 calls a second of 2 s in environments that serve many calls at a time; played as a tenth: a tenth of the calls, environments and shards',
    headings: ['environments', 'drawn for, calls', 'draws a call', 'write units a call', 'largest shard, KB', '503'],
    rows,
  };
}

function cellsOf({ drawsACall, writeUnitsACall, largestKb, unavailableShare }: Found): string[] {
  return [drawsACall.toFixed(3), short(writeUnitsACall), short(largestKb), percent(unavailableShare)];
}

function play({
  seed,
  shards,
  load,
  purse,
}: {
  seed: number;
  shards: number;
  load: Omit<Load, 'route'>;
  purse: EscrowTerms | undefined;
}): Found {
  const stage = new Stage({ seed, shards, holdBytes: SIZES.otherHold, purse, load });
  stage.seed();
  stage.traffic.start();
  const measured = stage.measureUntil(MEASURED_SECONDS * 1000);
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
      points: rows.filter(({ way }) => way === name).map(({ seconds, writeUnitsACall }) => [seconds, writeUnitsACall] as const),
    })),
  };
}
