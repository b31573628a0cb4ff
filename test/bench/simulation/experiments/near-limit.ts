import { carries, FILL } from '../carries.ts';
import { lambdaLoad } from '../load.ts';
import type { Plot } from '../plot.ts';
import { percent, short, type Progress, type Section } from '../section.ts';
import { SIZES, Stage } from '../stage.ts';
import { CALL } from '../traffic.ts';
import { DURATIONS, SHARD_COUNTS } from './capacity.ts';

const RATIOS = [2, 10];

interface Found {
  readonly shards: number;
  readonly unusedFirst: number;
  readonly unusedEnd: number;
  readonly cells: readonly (string | number)[];
}

/** What happens when the money runs out and the demand goes on. */
export function nearLimit(seed: number, progress: Progress): Section {
  const found = DURATIONS.flatMap((seconds) =>
    RATIOS.flatMap((ratio) => {
      progress(`near the limit: ${seconds} s calls, bound/actual ${ratio}`);
      return SHARD_COUNTS.map((shards) => play({ seed, seconds, ratio, shards }));
    }),
  );
  return {
    title: 'Near the limit',
    text: `A load of ${percent(FILL)} of what the shards carry uses the budget up, then goes on for four durations of a call and 30 s; then the window ends.
"Unused" is what the limit has and no call spent: when the first call is refused (what calls in flight hold above their cost included) and at the window's
end. "Refused with enough": refusals at whose moment the shards together had the call's bound.`,
    tables: [
      {
        headings: [
          'calls',
          'bound / actual',
          'shards',
          'limit, bounds of a call',
          'unused at the first refusal',
          'unused at the end',
          'that is, bounds of a call',
          'refused with enough',
          '503',
          'write units a granted call',
          'read units a refused call',
        ],
        rows: found.map(({ cells }) => cells),
      },
    ],
    plots: [plotOf(found)],
  };
}

function play({ seed, seconds, ratio, shards }: { seed: number; seconds: number; ratio: number; shards: number }): Found {
  const callsASecond = FILL * shards * carries(SIZES.endpointHold, seconds, SIZES.head);
  const usedUpAfter = Math.max(20, 2 * seconds);
  // What is spent until then, and what is held at that moment.
  const limit = Math.round(callsASecond * CALL * (usedUpAfter / ratio + seconds));
  const load = lambdaLoad(callsASecond, seconds, ratio);
  const stage = new Stage({ seed, limit, shards, holdBytes: SIZES.endpointHold, load });
  stage.traffic.start();
  const measured = stage.measureUntil((usedUpAfter + 4 * seconds + 30) * 1000);
  stage.traffic.end();
  stage.world.queue.runOut();
  const { outcomes } = stage.traffic;
  const unusedFirst = 1 - (outcomes.spentAtFirstRefusal ?? limit) / limit;
  const unusedEnd = 1 - stage.shards.totals.spent / limit;
  return {
    shards,
    unusedFirst,
    unusedEnd,
    cells: [
      `${seconds} s`,
      ratio,
      shards,
      short(limit / CALL),
      percent(unusedFirst),
      percent(unusedEnd),
      short((unusedEnd * limit) / CALL),
      percent(measured.falseShare),
      percent(measured.unavailableShare),
      short(measured.writeUnitsACall),
      short((measured.readUnitsACall * outcomes.granted) / Math.max(1, outcomes.refused)),
    ],
  };
}

function plotOf(found: readonly Found[]): Plot {
  const perLine = SHARD_COUNTS.length;
  return {
    file: 'near-limit.svg',
    title: 'Unused at the first refusal, by shards: 2 s calls',
    x: { label: 'shards', scale: 'log', ticks: SHARD_COUNTS },
    y: { label: 'unused, % of the limit', scale: 'linear', ticks: [0, 5, 10, 15, 20, 25, 30] },
    series: RATIOS.map((ratio, line) => ({
      name: `bound ${ratio} × actual`,
      points: found
        .slice(line * perLine, (line + 1) * perLine)
        .map(({ shards, unusedFirst }) => [shards, unusedFirst * 100] as const),
    })),
  };
}
