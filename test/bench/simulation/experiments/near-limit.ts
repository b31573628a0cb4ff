import { carries, FILL } from '../carries.ts';
import { lambdaLoad } from '../load.ts';
import type { Plot } from '../plot.ts';
import { percent, short, type Progress, type Section, type Table } from '../section.ts';
import { SIZES, Stage, type Measures } from '../stage.ts';
import { CALL } from '../traffic.ts';
import { YIELDING, type Habits } from '../world.ts';
import { DURATIONS, SHARD_COUNTS } from './capacity.ts';

const RATIOS = [2, 10];
/** Of the longer calls only some, for they take long to play. */
const FEW = [1, 4, 16, 64];

/** How many of more than eight shards a look reads. */
const LOOKS: readonly (readonly [string, Pick<Habits, 'looks' | 'glanceMs'>])[] = [
  ['8', { looks: 'some', glanceMs: 0 }],
  ['all; 8 for a minute after a refusal', { looks: 'glance', glanceMs: 60_000 }],
  ['all; 8 for a second after a refusal', { looks: 'glance', glanceMs: 1_000 }],
  ['all', { looks: 'all', glanceMs: 0 }],
];

interface Case {
  readonly seed: number;
  readonly habits?: Habits;
  readonly seconds: number;
  readonly ratio: number;
  readonly shards: number;
}

interface Found extends Measures {
  readonly each: Case;
  /** Bounds of a call. */
  readonly limit: number;
  /** Shares of the limit. */
  readonly unusedFirst: number;
  readonly unusedEnd: number;
  readonly readUnitsARefusal: number;
}

/** What happens when the money runs out and the demand goes on. */
export function nearLimit(seed: number, progress: Progress): Section {
  const found = DURATIONS.flatMap((seconds) =>
    RATIOS.flatMap((ratio) => {
      progress(`near the limit: ${seconds} s calls, bound/actual ${ratio}`);
      return (seconds === 2 ? SHARD_COUNTS : FEW).map((shards) => play({ seed, seconds, ratio, shards }));
    }),
  );
  return {
    title: 'Near the limit',
    text: `${percent(FILL)} of the load that the shards carry uses the budget up, and goes on for five durations of a call and 30 s; then the window ends.
"Unused" is what the limit has and no call has spent: when the first call is refused, and at the window's end after all calls in flight have
ended. What calls in flight hold above their cost comes back as they end, so what is unused falls to nothing with a time constant of
bound/actual × duration, whatever the number of shards. "Refused with enough": refusals at whose moment all shards together had the call's
bound, in pieces that a look at eight of them does not find, or that came back a moment ago.`,
    tables: [
      {
        headings: [
          'calls',
          'bound / actual',
          'shards',
          'limit, bounds of a call',
          'unused at the first refusal',
          'unused at the end',
          'refused with enough',
          'which then was, bounds of a call',
          '402',
          '503',
          'write units a granted call',
          'read units a refused call',
        ],
        rows: found.map(({ each, limit, unusedFirst, unusedEnd, readUnitsARefusal, ...rest }) => [
          `${each.seconds} s`,
          each.ratio,
          each.shards,
          short(limit),
          percent(unusedFirst),
          percent(unusedEnd),
          percent(rest.falseShare),
          short(rest.availableThen),
          percent(rest.refusedShare),
          percent(rest.unavailableShare),
          short(rest.writeUnitsACall),
          short(readUnitsARefusal),
        ]),
      },
      looking(seed, progress),
    ],
    plots: [plotOf(found)],
  };
}

/** What it costs to look at all shards of many. */
function looking(seed: number, progress: Progress): Table {
  progress('near the limit: how many shards a look reads');
  return {
    caption: 'how many shards a look reads: 2 s calls, bound 4 × actual',
    headings: [
      'shards',
      'read',
      '402',
      '503',
      'refused with enough',
      'which then was, bounds of a call',
      'unused at the end',
      'write units a granted call',
      'read units a refused call',
    ],
    rows: [16, 32, 64].flatMap((shards) =>
      LOOKS.map(([name, looks]) => {
        const found = play({ seed, habits: { ...YIELDING, ...looks }, seconds: 2, ratio: 4, shards });
        return [
          shards,
          name,
          percent(found.refusedShare),
          percent(found.unavailableShare),
          percent(found.falseShare),
          short(found.availableThen),
          percent(found.unusedEnd),
          short(found.writeUnitsACall),
          short(found.readUnitsARefusal),
        ];
      }),
    ),
  };
}

function play(each: Case): Found {
  const { seed, habits, seconds, ratio, shards } = each;
  const callsASecond = FILL * shards * carries(SIZES.endpointHold, seconds, SIZES.head);
  const usedUpAfter = Math.max(60, 10 * seconds);
  // What is spent until then, and what is held at that moment.
  const limit = Math.round(callsASecond * CALL * (usedUpAfter / ratio + seconds));
  const load = lambdaLoad(callsASecond, seconds, ratio);
  const stage = new Stage({ seed, ...(habits && { habits }), limit, shards, holdBytes: SIZES.endpointHold, load });
  stage.traffic.start();
  const measured = stage.measureUntil((usedUpAfter + 5 * seconds + 30) * 1000);
  stage.traffic.end();
  stage.world.queue.runOut();
  const { granted, refused, spentAtFirstRefusal = limit } = stage.traffic.outcomes;
  return {
    ...measured,
    each,
    limit: limit / CALL,
    unusedFirst: 1 - spentAtFirstRefusal / limit,
    unusedEnd: 1 - stage.shards.totals.spent / limit,
    readUnitsARefusal: (measured.readUnitsACall * granted) / Math.max(1, refused),
  };
}

function plotOf(found: readonly Found[]): Plot {
  const lines = DURATIONS.flatMap((seconds) => RATIOS.map((ratio) => ({ seconds, ratio })));
  return {
    file: 'near-limit.svg',
    title: 'Unused when the first call is refused',
    x: { label: 'shards', scale: 'log', ticks: SHARD_COUNTS },
    y: { label: 'unused, % of the limit', scale: 'linear', ticks: [0, 10, 20, 30, 40, 50, 60] },
    series: lines.map(({ seconds, ratio }) => ({
      name: `${seconds} s, bound ${ratio} × actual`,
      points: found
        .filter(({ each }) => each.seconds === seconds && each.ratio === ratio)
        .map(({ each, unusedFirst }) => [each.shards, unusedFirst * 100] as const),
    })),
  };
}
