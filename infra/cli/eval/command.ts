import { randomBytes } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import type { Clock } from '#platform/clock.ts';
import { parseUsd } from '#platform/money.ts';
import type { ExitCode } from '../failure.ts';
import type { FoundWeir } from '../find-weir.ts';
import type { Streams } from '../streams.ts';

/** What the command takes from around it. */
export interface EvalSurroundings {
  /** @throws UsageFailure where no Weir is known */
  readonly findWeir: () => Promise<FoundWeir>;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly end: (exitCode: ExitCode) => void;
}

interface EvalFlags {
  readonly models?: readonly string[];
  readonly times: number;
  readonly budget?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const MOST_TIMES = 50;

/** Adds `weir eval`. What it needs is loaded when it runs. */
export function addEvalCommand(weir: Command, { findWeir, streams, clock, end }: EvalSurroundings): void {
  weir
    .command('eval')
    .description("Run an endpoint's evaluations on several models: quality, cost and latency side by side.")
    .argument('<endpoint>', 'one whose file names evaluations, such as classify')
    .option('--models <names>', 'models or tiers to compare with its own, separated by commas', parseNames)
    .option('--times <count>', 'how often each example is asked of each model', parseTimes, 1)
    .option('--budget <usd>', 'from now on, what evaluations may spend in a day, all together', parseBudget)
    .option('--yes', 'begin without a question')
    .option('--json', 'one line of JSON for each model, for machines')
    .addHelpText('after', '\nExample:\n  npm run weir -- eval classify --models small,medium,gpt-5.6-luna')
    .addHelpText(
      'after',
      '\nThe calls are real, and cost money. They count in the budget caller:weir-eval, $5.00 a day unless it is changed,\n' +
        "and in the endpoint's own, and have the tag eval in the ledger.",
    )
    .addHelpText(
      'after',
      "\nEnds with 0 when the endpoint's own model passed all, 1 when it did not, 2 when nothing was asked.",
    )
    .action(async (endpoint: string, { models = [], times, budget, yes = false, json = false }: EvalFlags) => {
      const [{ outputs }, { createAwsClients }, { evaluate }] = await Promise.all([
        findWeir(),
        import('../aws-clients.ts'),
        import('../eval.ts'),
      ]);
      const interruption = new AbortController();
      // Once: a second Ctrl-C ends the process as ever.
      process.once('SIGINT', () => interruption.abort());
      using aws = createAwsClients(outputs);
      const runId = randomBytes(6).toString('hex');
      const context = { outputs, aws, streams, clock, runId, interrupted: interruption.signal };
      end(await evaluate({ endpoint, models, times, dailyUsd: budget, yes, json }, context));
    });
}

function parseNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => /^[\w.:-]{1,100}$/.test(name))) return names;
  throw new InvalidArgumentError('It must be names of models or tiers, separated by commas.');
}

function parseTimes(text: string): number {
  if (/^[1-9]\d?$/.test(text) && Number(text) <= MOST_TIMES) return Number(text);
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_TIMES}.`);
}

function parseBudget(text: string): string {
  try {
    if (parseUsd(text) >= 0n) return text;
  } catch {
    // Said below, with what else may be wrong.
  }
  throw new InvalidArgumentError('It must be decimal US dollars such as 5.00, with at most 12 decimals.');
}
