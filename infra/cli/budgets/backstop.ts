import OpenAI, { APIConnectionError, APIError } from 'openai';
import * as z from 'zod';
import { formatUsd, parseUsd } from '#platform/money.ts';
import { about, CliFailure, reasonOf, UsageFailure } from '../failure.ts';
import { readKey, type WantedKey } from '../read-key.ts';
import { write, type Streams } from '../streams.ts';
import { alignedTable, type Column } from '../table.ts';

export interface BackstopContext {
  readonly streams: Streams;
  /** Where OpenAI's API is. */
  readonly baseUrl: string;
  /** One line of JSON, instead of a table. */
  readonly json: boolean;
}

const ADMIN_KEY: WantedKey = {
  name: 'OpenAI admin key',
  advice: 'printenv OPENAI_ADMIN_KEY | npm run weir -- budgets backstop …',
  minChars: 20,
};
const TIMEOUT_MS = 30_000;
const PICO_USD_PER_CENT = 10_000_000_000n;
/** A page of HTML is an answer too. */
const MAX_REASON_CHARS = 300;

/** OpenAI's limit of a project: https://platform.openai.com/docs/api-reference. Amounts are in cents. */
const limitSchema = z.object({
  currency: z.literal('USD'),
  interval: z.string(),
  threshold_amount: z.int().nonnegative(),
  enforcement: z.object({ status: z.string() }),
});

const COLUMNS: readonly Column[] = [
  { title: 'OpenAI project', holds: 'text' },
  { title: 'window', holds: 'text' },
  { title: 'limit', holds: 'amount' },
  { title: 'enforcement', holds: 'text' },
];
const NOTE =
  "OpenAI's limit is not instantaneous: spend can pass it. It is a backstop; what holds is Weir's budgets.\n";

/**
 * Sets the spend limit that OpenAI itself keeps for a project, and shows it as OpenAI then tells it.
 * @param limitUsd decimal USD, in whole cents
 * @throws UsageFailure before anything is asked; CliFailure with what OpenAI says
 */
export async function setBackstop(project: string, limitUsd: string, context: BackstopContext): Promise<void> {
  const cents = toCents(limitUsd);
  const client = await createClient(context);
  const change = { currency: 'USD', interval: 'month', threshold_amount: cents } as const;
  await present(project, client.admin.organization.projects.spendLimit.update(project, change), context);
}

/** Shows the spend limit that OpenAI keeps for a project now. @throws CliFailure with what OpenAI says */
export async function showBackstop(project: string, context: BackstopContext): Promise<void> {
  const client = await createClient(context);
  await present(project, client.admin.organization.projects.spendLimit.retrieve(project), context);
}

function toCents(limitUsd: string): number {
  const amountPico = parseUsd(limitUsd);
  const cents = amountPico / PICO_USD_PER_CENT;
  if (amountPico % PICO_USD_PER_CENT === 0n && cents >= 1n && cents <= Number.MAX_SAFE_INTEGER) return Number(cents);
  throw new UsageFailure(`--limit must be whole cents, at least 0.01, but '${limitUsd}' was provided`);
}

async function createClient({ baseUrl, streams }: BackstopContext): Promise<OpenAI> {
  const adminAPIKey = await readKey(ADMIN_KEY, streams);
  // The SDK takes from the environment what is not given, and logs to the console.
  const nothingElse = {
    apiKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
  } as const;
  return new OpenAI({ baseURL: baseUrl, adminAPIKey, timeout: TIMEOUT_MS, ...nothingElse });
}

async function present(project: string, answer: Promise<unknown>, { streams, json }: BackstopContext): Promise<void> {
  const parsed = limitSchema.safeParse(await orRefusal(project, answer));
  if (!parsed.success) throw new CliFailure(`${project}: OpenAI answered with what is no spend limit in USD`);
  const { interval: window, threshold_amount: cents, enforcement } = parsed.data;
  const limitUsd = formatUsd(BigInt(cents) * PICO_USD_PER_CENT);
  const text = json
    ? `${JSON.stringify({ project, window, limitUsd, enforcement: enforcement.status })}\n`
    : alignedTable(COLUMNS, [[project, window, `$${limitUsd}`, enforcement.status]]);
  await about('standard output', write(streams.stdout, text));
  streams.stderr.write(NOTE);
}

async function orRefusal(project: string, answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    throw new CliFailure(`${project}: ${refusalOf(error)}`);
  }
}

/** OpenAI's own words, but for a refused key: those quote a part of it. */
function refusalOf(error: unknown): string {
  if (error instanceof APIConnectionError) return `OpenAI did not answer (${reasonOf(error)})`;
  if (!(error instanceof APIError)) return reasonOf(error);
  if (error.status === 401) {
    return `OpenAI refuses the key (401 ${error.code ?? 'without a code'}); it must be an admin key of the project's organisation`;
  }
  const advice = error.status === 404 ? '; is it the id of a project (proj_…), and has it a limit?' : '';
  return `OpenAI says ${error.message.slice(0, MAX_REASON_CHARS)}${advice}`;
}
