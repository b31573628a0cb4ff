import { parseArgs } from 'node:util';
import { type Rule, RULES } from './rules.ts';
import { run } from './run.ts';
import { traceWrites } from './trace.ts';
import type { WeatherName } from './weather.ts';
import { Failure } from './watch.ts';

const HELP = `Plays the reservation protocol (functions/budgets/PROTOCOL.md) at random.

  node test/model/play.ts [rounds] [seed] [--without <rule>] [--seen] [--trace]

  rounds     how many runs          (default 20000)
  seed       seed of the first one  (default 0); the same seed is the same run
  --without  leaves a rule out, to see what it is for
  --weather  plays in one weather alone: mixed, tight, lossy, late, changing, escrow
  --seen     says how often what happened
  --trace    prints every write (of one round: node test/model/play.ts 1 183 --trace)

Rules:
${Object.entries(RULES)
  .map(([rule, absence]) => `  ${rule.padEnd(16)} without: ${absence}`)
  .join('\n')}`;

export interface Played {
  readonly failures: ReadonlyMap<string, readonly number[]>;
  readonly seen: ReadonlyMap<string, number>;
}

export interface Leaving {
  /** A rule to leave out. */
  readonly without?: Rule | undefined;
  /** The one weather to play in; without, each in turn. */
  readonly weather?: WeatherName | undefined;
}

/** Plays `rounds` runs. Gives the seeds of those that failed, by what failed, and how often what happened. */
export function play(
  rounds: number,
  seed: number,
  { without, weather }: Leaving = {},
  progress?: (done: number) => void,
): Played {
  const failures = new Map<string, number[]>();
  const seen = new Map<string, number>();
  for (let done = 0; done < rounds; done++) {
    progress?.(done);
    try {
      for (const [event, times] of run(seed + done, without, weather)) seen.set(event, (seen.get(event) ?? 0) + times);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.set(error.message, [...(failures.get(error.message) ?? []), seed + done]);
    }
  }
  return { failures, seen };
}

function main(): void {
  const options = {
    without: { type: 'string' },
    weather: { type: 'string' },
    seen: { type: 'boolean' },
    trace: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return console.log(HELP);
  const [rounds = 20_000, seed = 0] = positionals.map(Number);
  const without = values.without as Rule | undefined;
  const weather = values.weather as WeatherName | undefined;
  if (without !== undefined && !(without in RULES)) throw new Error(`${without} is not a rule; --help lists them`);

  if (values.trace) traceWrites(console.log);
  const started = performance.now();
  let shown = started;
  const { failures, seen } = play(rounds, seed, { without, weather }, (done) => {
    if (performance.now() - shown < 5000) return;
    shown = performance.now();
    console.error(`${done} of ${rounds} rounds, ${Math.round((shown - started) / 1000)} s`);
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const failed = [...failures.values()].reduce((sum, seeds) => sum + seeds.length, 0);
  console.log(`${rounds} rounds from seed ${seed} in ${seconds} s: ${failed === 0 ? 'all hold' : `${failed} failed`}`);
  for (const [message, seeds] of [...failures].sort(([, one], [, other]) => other.length - one.length)) {
    console.log(`  ${String(seeds.length).padStart(6)}  ${message} (seeds ${seeds.slice(0, 5).join(', ')})`);
  }
  if (values.seen)
    for (const [event, times] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`  ${String(times).padStart(8)}  ${event}`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (import.meta.main) main();
