import { EVALUATOR } from '#edge/callers/own-ids.ts';
import { redactLine } from '#edge/redact-line.ts';
import { readInventory } from '#infra/inventory.ts';
import type { WeirOutputs } from '#infra/outputs.ts';
import type { Clock } from '#platform/clock.ts';
import { parseConfig } from '#platform/config.ts';
import { formatUsd } from '#platform/money.ts';
import { createPlatform, type Platform } from '#platform/platform.ts';
import type { AwsClients } from './aws-clients.ts';
import { confirm } from './confirm.ts';
import { candidatesFor } from './eval/candidates.ts';
import { putOnTrial, type EndpointEntry } from './eval/endpoint-on-trial.ts';
import { evaluationBudget } from './eval/evaluation-budget.ts';
import { runJobs, type Job } from './eval/run-jobs.ts';
import { perCallUsd, scoresOf, verdictOf, type Score } from './eval/score.ts';
import { about, EXIT, oneLine, UsageFailure, type ExitCode } from './failure.ts';
import { createProgress } from './progress.ts';
import { write, type Streams } from './streams.ts';
import { alignedTable, type Column } from './table.ts';

/** What `weir eval` was asked to do. */
export interface EvalRequest {
  readonly endpoint: string;
  /** Models or tiers beside the endpoint's own. Empty: the tiers. */
  readonly models: readonly string[];
  /** How often each example is asked of each model. */
  readonly times: number;
  /** A new limit of what evaluations may spend in a day. */
  readonly dailyUsd: string | undefined;
  /** Begins without asking. */
  readonly yes: boolean;
  /** One line of JSON a model, instead of a table. */
  readonly json: boolean;
  /** @default this repository's */
  readonly functionsFolder?: string | undefined;
}

export interface EvalContext {
  readonly outputs: WeirOutputs;
  readonly aws: AwsClients;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly runId: string;
  /** Aborts at Ctrl-C. */
  readonly interrupted: AbortSignal;
}

/**
 * Runs an endpoint's examples on several models, and shows quality, cost and latency of each side by side. The calls are real
 * ones, of the real handler: paid for, under a budget of their own, and in the ledger under the tag `eval`.
 *
 * @returns `failed` when the endpoint's own model did not pass, or the budget ended the run
 * @throws UsageFailure before anything is asked; CliFailure when the deployment cannot be reached
 */
export async function evaluate(request: EvalRequest, context: EvalContext): Promise<ExitCode> {
  const { streams, clock, outputs, runId, interrupted } = context;
  const entry = findEndpoint(request.endpoint, await readInventory(request.functionsFolder));
  const models = candidatesFor(entry.spec.model, request.models, clock.nowMs());
  const platform = await platformFor(entry, context);
  const evaluations = entry.spec.evaluations ?? [];
  const onTrials = models.map((model) => putOnTrial(entry, model, { platform, runId, clock }));
  // Models take turns, so that none has all of the first, cold calls.
  const jobs = evaluations.flatMap((evaluation, index) =>
    onTrials.flatMap((onTrial) => jobsOf({ onTrial, evaluation, index }, request.times)),
  );

  const budget = await about('the budget of evaluations', evaluationBudget(request.dailyUsd, platform));
  const left = budget.availablePico < 0n ? 0n : budget.availablePico;
  const upstream = upstreamOf(outputs);
  const plan =
    `${jobs.length} calls of ${entry.name} (${evaluations.length} examples, ${models.length} models) at ${upstream}. ` +
    `Evaluations may spend $${formatUsd(left)} more today (UTC), of $${formatUsd(budget.limitPico)}.`;
  streams.stderr.write(`${plan}\n`);
  if (!request.yes && !(await confirm('Begin?', '--yes', streams))) return EXIT.ok;

  const progress = createProgress(streams.stderr, clock);
  let count = 0;
  const tell = () => `${++count} of ${jobs.length} calls done`;
  const { done, refusal } = await runJobs(jobs, { ended: interrupted, onDone: () => progress.update(tell()) });
  progress.end(
    `${done.length} of ${jobs.length} calls done; in the ledger of ${EVALUATOR} under the tag eval=${runId}`,
  );
  const scores = scoresOf(models, done);
  await about('standard output', write(streams.stdout, request.json ? asJson(scores) : asReport(scores, outputs)));
  if (refusal !== undefined) streams.stderr.write(`The run ended early: ${oneLine(refusal)}\n`);
  if (interrupted.aborted) return EXIT.interrupted;
  return refusal === undefined && scores[0]?.faults.length === 0 ? EXIT.ok : EXIT.failed;
}

function jobsOf({ index, ...job }: Omit<Job, 'name'> & { readonly index: number }, times: number): Job[] {
  return Array.from({ length: times }, () => ({ ...job, name: job.evaluation.name ?? `example ${index + 1}` }));
}

type EvaluatedEntry = EndpointEntry & {
  readonly spec: { readonly model: NonNullable<EndpointEntry['spec']['model']> };
};

function findEndpoint(name: string, entries: Awaited<ReturnType<typeof readInventory>>): EvaluatedEntry {
  const evaluated = entries.filter((entry): entry is EvaluatedEntry => {
    const { spec } = entry;
    return spec.kind === 'endpoint' && spec.model !== undefined && (spec.evaluations ?? []).length > 0;
  });
  const found = evaluated.find((entry) => entry.name === name);
  if (found) return found;
  const known = entries.find((entry) => entry.name === name && entry.spec.kind === 'endpoint');
  if (known)
    throw new UsageFailure(`${name} has no evaluations: its file may name some (evaluations: [{ input, check }])`);
  const names = evaluated.map((entry) => entry.name).join(', ');
  throw new UsageFailure(`endpoint must be one with evaluations (${names}), but '${name}' was provided`);
}

/** The platform that the endpoint's function has, with this person's credentials. */
async function platformFor({ name, spec }: EvaluatedEntry, { outputs, aws, clock }: EvalContext): Promise<Platform> {
  const { region, tables, secrets, awsEndpoints, upstream } = outputs;
  const credentials = await about('AWS', aws.dynamodb.config.credentials());
  const config = parseConfig({
    WEIR_ENTRY: name,
    AWS_LAMBDA_FUNCTION_NAME: EVALUATOR,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_DYNAMODB: awsEndpoints?.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsEndpoints?.secretsmanager,
    OPENAI_BASE_URL: upstream?.baseUrl,
    WEIR_OPENAI_SECRET_ID: secrets[spec.secret],
    WEIR_CACHE_TABLE: tables.cache,
    WEIR_LEDGER_TABLE: tables.ledger,
    WEIR_BUDGETS_TABLE: tables.budgets,
    WEIR_CALLERS_TABLE: tables.callers,
    WEIR_JOBS_TABLE: tables.jobs,
  });
  // What the calls log is for those who operate the function; here each call's fault stands in the report.
  return createPlatform({ config, clock, redact: redactLine, writeLine: () => undefined });
}

function upstreamOf({ upstream }: WeirOutputs): string {
  if (!upstream) return 'OpenAI';
  return upstream.simulated ? 'the simulated upstream' : upstream.baseUrl;
}

const COLUMNS: readonly Column[] = [
  { title: 'model', holds: 'text' },
  { title: 'tier', holds: 'text' },
  { title: 'passed', holds: 'text' },
  { title: 'cost', holds: 'amount' },
  { title: 'a call', holds: 'amount' },
  { title: 'median ms', holds: 'amount' },
  { title: 'slowest ms', holds: 'amount' },
];

function asReport(scores: readonly Score[], outputs: WeirOutputs): string {
  const faults = scores.flatMap(({ model, faults: own }) =>
    own.map(({ example, fault }) => `${model} failed ${example}: ${oneLine(fault)}\n`),
  );
  const notice = outputs.upstream?.simulated
    ? 'The upstream was a simulated one: quality and latency say nothing of the real models.\n'
    : '';
  const table = alignedTable(COLUMNS, scores.map(rowOf));
  return [table, ...new Set(faults), `${verdictOf(scores)}\n`, notice].join('');
}

function rowOf(score: Score, index: number): string[] {
  return [
    index === 0 ? `${score.model} *` : score.model,
    score.tier,
    `${score.passed} of ${score.calls}`,
    `$${formatUsd(score.costPico)}`,
    perCallUsd(score),
    String(score.medianMs),
    String(score.slowestMs),
  ];
}

function asJson(scores: readonly Score[]): string {
  return scores
    .map(
      ({ costPico, ...score }, index) =>
        `${JSON.stringify({ ...score, isOwn: index === 0, costUsd: formatUsd(costPico) })}\n`,
    )
    .join('');
}
