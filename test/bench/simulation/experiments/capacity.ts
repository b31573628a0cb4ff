import { carries } from '../carries.ts';
import { lambdaLoad } from '../load.ts';
import type { Plot } from '../plot.ts';
import { percent, row, short, type Progress, type Section } from '../section.ts';
import { SIZES, Stage } from '../stage.ts';

export const SHARD_COUNTS = [1, 2, 4, 8, 16, 32, 64];
export const DURATIONS = [2, 20, 120];
const HOLD_SIZES = [57, 64, 72, 80, 90];

/** So few calls may meet a busy DynamoDB in a load that counts as carried. */
const TOLERATED = 0.001;
const STEPS = 4;

interface Case {
  readonly seed: number;
  readonly shards: number;
  readonly seconds: number;
  readonly holdBytes: number;
}

/** The most calls a second that a budget carries, by shards, duration and bytes of a hold. */
export function capacity(seed: number, progress: Progress): Section {
  const found = SHARD_COUNTS.map((shards) => {
    progress(`capacity: ${shards} shards`);
    return DURATIONS.map((seconds) => greatestLoad({ seed, shards, seconds, holdBytes: SIZES.endpointHold }));
  });
  progress('capacity: bytes of a hold');
  const bySize = HOLD_SIZES.map((holdBytes) =>
    DURATIONS.map((seconds) => greatestLoad({ seed, shards: 8, seconds, holdBytes }) / 8),
  );
  return {
    title: 'What a budget carries',
    text: `One budget with money in plenty, ${SIZES.endpointHold} bytes a hold (what the product's endpoint budgets have; other
budgets ${SIZES.otherHold}), calls already in flight at the start. The greatest load of which at most ${percent(TOLERATED)}
got a 503, found by halving between 0.5 and 1.1 times the formula
\`2 · r · ⌈(base + hold · r · seconds) / 1 KB⌉ ≤ 1000\`.`,
    tables: [
      {
        caption: 'calls a second',
        headings: ['shards', ...DURATIONS.map((seconds) => `${seconds} s calls`)],
        rows: [
          ...SHARD_COUNTS.map((shards, at) => row([shards], found[at]!.map(short))),
          ['formula, a shard', ...DURATIONS.map((seconds) => short(carries(SIZES.endpointHold, seconds, SIZES.head)))],
        ],
      },
      {
        caption: 'calls a second and shard, of 8 shards',
        headings: ['bytes a hold', ...DURATIONS.map((seconds) => `${seconds} s calls`)],
        rows: HOLD_SIZES.map((bytes, at) => row([bytes], bySize[at]!.map(short))),
      },
    ],
    plots: [plotOf(found)],
  };
}

function greatestLoad(each: Case): number {
  const most = carries(each.holdBytes, each.seconds, SIZES.head) * each.shards;
  let low = 0.5;
  let high = 1.1;
  for (let step = 0; step < STEPS; step++) {
    const middle = (low + high) / 2;
    if (isCarried(each, most * middle)) low = middle;
    else high = middle;
  }
  return most * low;
}

function isCarried({ seed, shards, seconds, holdBytes }: Case, callsASecond: number): boolean {
  const load = lambdaLoad(callsASecond, seconds);
  const stage = new Stage({ seed, shards, holdBytes, load });
  stage.seed();
  stage.traffic.start();
  return stage.measureUntil(Math.max(60, seconds) * 1000).unavailableShare <= TOLERATED;
}

function plotOf(found: readonly (readonly number[])[]): Plot {
  return {
    file: 'capacity.svg',
    title: 'What a budget carries, by shards and by how long a call lasts',
    x: { label: 'shards', scale: 'log', ticks: SHARD_COUNTS },
    y: { label: 'calls a second', scale: 'log', ticks: [5, 10, 50, 100, 500, 1000, 5000] },
    series: DURATIONS.map((seconds, at) => ({
      name: `calls of ${seconds} s`,
      points: SHARD_COUNTS.map((shards, line) => [shards, found[line]![at]!]),
    })),
  };
}
