import { carries } from '../carries.ts';
import { lambdaLoad } from '../load.ts';
import { percent, row, short, type Progress, type Section } from '../section.ts';
import { SIZES, Stage } from '../stage.ts';
import { Traffic } from '../traffic.ts';
import { EAGER, YIELDING, type Habits } from '../world.ts';

const SHARDS = 4;
const OVERLOAD_SECONDS = 60;
const AFTER_SECONDS = [30, 30, 60, 120];
const RULES: readonly (readonly [string, Habits])[] = [
  ['eager reserve', EAGER],
  ['eager, 20 settle attempts', { ...EAGER, settleAttempts: 20, longestPauseMs: 200 }],
  ['yielding, 6 settle attempts', { ...YIELDING, settleAttempts: 6 }],
  ['**yielding, 20 settle attempts**', YIELDING],
];

/** What a minute of too much does, and how a budget comes back from it. */
export function overload(seed: number, progress: Progress): Section {
  const rows = [2, 20].flatMap((seconds) =>
    [1.5, 3].flatMap((times) =>
      RULES.map(([name, habits]) => {
        progress(`overload: ${times} × of ${seconds} s calls, ${name.replaceAll('*', '')}`);
        return row([`${seconds} s`, `${times} ×`, name], play({ seed, seconds, times, habits }));
      }),
    ),
  );
  return {
    title: 'When a budget gets more than it carries',
    text: `${SHARDS} shards for ${OVERLOAD_SECONDS} s at a multiple of what they carry, then at half of what they carry. DynamoDB does not count throttled
requests, so whoever asks most often wins. An _eager_ reserve comes back up to 8 times in each of 3 rounds; its holds push settlements
aside, the item grows by holds that nobody settles, every write costs more, and the budget carries ever less: after the overload it does not recover. A _yielding_ one
tries one other shard and answers 503, and a settlement insists: up to 20 attempts with pauses of at most 200 ms. (More than 100 %: calls of 20 s
fill the shards only by and by.)`,
    tables: [
      {
        headings: [
          'calls',
          'load',
          'rule',
          'granted of what is carried',
          ...AFTER_SECONDS.map((_, at) => `granted at half load, ${spanOf(at)} s after`),
          'largest item at the end, KB',
        ],
        rows,
      },
    ],
  };
}

function play({
  seed,
  seconds,
  times,
  habits,
}: {
  seed: number;
  seconds: number;
  times: number;
  habits: Habits;
}): string[] {
  const carried = carries(SIZES.endpointHold, seconds, SIZES.head) * SHARDS;
  const load = lambdaLoad(carried * times, seconds);
  const stage = new Stage({ seed, habits, shards: SHARDS, holdBytes: SIZES.endpointHold, load });
  stage.traffic.start();
  const during = stage.measureUntil(OVERLOAD_SECONDS * 1000);
  stage.traffic.end();
  const calm = new Traffic(stage.world, { ...lambdaLoad(carried / 2, seconds), route: () => [stage.shards] });
  calm.start();
  const after = AFTER_SECONDS.map((span) => {
    const { offered, granted } = calm.outcomes;
    stage.world.queue.runUntil(stage.world.queue.nowMs + span * 1000);
    return (calm.outcomes.granted - granted) / (calm.outcomes.offered - offered);
  });
  const largest = Math.max(...stage.shards.shards.map((part) => part.bytes));
  return [
    percent(during.grantedASecond / carried),
    ...after.map((share) => percent(Math.min(1, share))),
    short(largest / 1024),
  ];
}

function spanOf(at: number): string {
  const from = AFTER_SECONDS.slice(0, at).reduce((sum, span) => sum + span, 0);
  return `${from}–${from + AFTER_SECONDS[at]!}`;
}
