import { shardsFor } from '../carries.ts';
import type { EscrowTerms } from '../escrow.ts';
import { lambdaLoadOf } from '../load.ts';
import { percent, row, short, type Progress, type Section } from '../section.ts';
import { PURSE, SIZES, Stage } from '../stage.ts';
import { CALL } from '../traffic.ts';

const ENVIRONMENTS = 1_000;
const SECONDS = 2;
const RATIO = 4;
const USED_UP_AFTER_SECONDS = 300;
const LOOKS_SECONDS = [60, 300];

interface Way {
  readonly calls: number;
  readonly ofWhatIsLeft: number;
  readonly minutes: number;
}

const WAYS: readonly (Way | undefined)[] = [
  undefined,
  { calls: 8, ofWhatIsLeft: 16, minutes: 10 },
  { calls: 8, ofWhatIsLeft: 64, minutes: 10 },
  { calls: 8, ofWhatIsLeft: 256, minutes: 10 },
  { calls: 8, ofWhatIsLeft: 64, minutes: 1 },
  { calls: 32, ofWhatIsLeft: 16, minutes: 10 },
  { calls: 32, ofWhatIsLeft: 64, minutes: 10 },
  { calls: 32, ofWhatIsLeft: 256, minutes: 10 },
  { calls: 32, ofWhatIsLeft: 64, minutes: 1 },
];

/** The account's budget when its money runs out: what lies in purses then, and what comes when all hold in the shards. */
export function accountNearLimit(seed: number, progress: Progress): Section {
  const load = lambdaLoadOf(ENVIRONMENTS, SECONDS, RATIO);
  const enough = shardsFor(load.callsASecond, SIZES.otherHold, SECONDS, SIZES.head);
  const limit = Math.round(load.callsASecond * CALL * (USED_UP_AFTER_SECONDS / RATIO + SECONDS));
  const rows = [enough, Math.ceil(enough / 4)].flatMap((shards) =>
    WAYS.map((way) => {
      progress(`account near its limit: ${shards} shards, ${nameOf(way)}`);
      return row([shards, nameOf(way)], play({ seed, shards, limit, purse: way && termsOf(way), load }));
    }),
  );
  return {
    title: 'The account near its limit',
    text: `${short(load.callsASecond)} calls a second of ${SECONDS} s on ${short(ENVIRONMENTS)} environments, bound ${RATIO} × actual, a limit of ${short(limit / CALL)} bounds that is used up
after about ${USED_UP_AFTER_SECONDS} s; the demand goes on. ${enough} shards are what the calls need without purses. A draw takes "n × the call's amount, where the shard
has at least m × that"; where it has less, calls hold in the shards.`,
    tables: [
      {
        headings: [
          'shards',
          'purses',
          'unused at the first refusal',
          ...LOOKS_SECONDS.map((after) => `unused ${after} s after it should be used up`),
          '503 until it should be used up',
          '503 afterwards',
          'refused with enough',
          'write units a granted call',
        ],
        rows,
      },
    ],
  };
}

function play({
  seed,
  shards,
  limit,
  purse,
  load,
}: {
  readonly seed: number;
  readonly shards: number;
  readonly limit: number;
  readonly purse: EscrowTerms | undefined;
  readonly load: ReturnType<typeof lambdaLoadOf>;
}): string[] {
  const stage = new Stage({ seed, limit, shards, holdBytes: SIZES.otherHold, purse, load });
  stage.traffic.start();
  const plenty = stage.measureUntil(USED_UP_AFTER_SECONDS * 1000);
  const scarce = LOOKS_SECONDS.map((after) => ({
    measured: stage.measureUntil((USED_UP_AFTER_SECONDS + after) * 1000),
    unused: 1 - stage.shards.totals.spent / limit,
  }));
  const { spentAtFirstRefusal = limit } = stage.traffic.outcomes;
  const last = scarce.at(-1)!.measured;
  return [
    percent(1 - spentAtFirstRefusal / limit),
    ...scarce.map(({ unused }) => percent(unused)),
    percent(plenty.unavailableShare),
    percent(last.unavailableShare),
    percent(last.falseShare),
    short(plenty.writeUnitsACall),
  ];
}

function termsOf({ calls, ofWhatIsLeft, minutes }: Way): EscrowTerms {
  return { ...PURSE, callsAPurse: calls, leastPursesLeft: ofWhatIsLeft, usedForMs: minutes * 60_000 };
}

function nameOf(way: Way | undefined): string {
  return way ? `${way.calls} ×, of ${way.ofWhatIsLeft} ×, ${way.minutes} min` : 'none';
}
