import { InvalidArgumentError, Option, type Command } from 'commander';
import { WINDOW_KINDS, type WindowKind } from '#budgets/windows.ts';
import { parseUsd } from '#platform/money.ts';
import { UsageFailure } from '../failure.ts';
import { ADMINISTRATORS } from '../administrator.ts';
import type { FoundWeir } from '../find-weir.ts';
import type { Streams } from '../streams.ts';

/** What the commands take from around them. */
export interface BudgetsSurroundings {
  /** @throws UsageFailure where no Weir is known */
  readonly findWeir: () => Promise<FoundWeir>;
  readonly streams: Streams;
  readonly adminKey: string | undefined;
  /** @default OpenAI's own */
  readonly openaiBaseUrl: string | undefined;
}

interface ShowFlags {
  readonly window: WindowKind;
  readonly json?: boolean;
}

interface SetFlags extends ShowFlags {
  /** False for `--no-limit`. */
  readonly limit?: string | false;
  readonly shards?: number;
}

interface BackstopFlags {
  readonly project: string;
  readonly limit?: string;
  readonly show?: boolean;
  readonly json?: boolean;
}

const JSON_FLAG = ['--json', 'one line of JSON for each, for machines'] as const;
const SCOPE = ['<scope>', 'endpoint:<name>, caller:<id> or account', parseScope] as const;

/** Adds `weir budgets`. What its commands need is loaded when one of them runs. */
export function addBudgetsCommand(weir: Command, surroundings: BudgetsSurroundings): void {
  const budgets = weir
    .command('budgets')
    .description('Show and set what may be spent, by endpoint, by caller and in all.')
    .addHelpText('after', '\nExample:\n  npm run weir -- budgets set endpoint:summarize --window month --limit 50.00')
    .addHelpText('after', ADMINISTRATORS);
  addShow(budgets, surroundings);
  addSet(budgets, surroundings);
  addList(budgets, surroundings);
  addBackstop(budgets, surroundings);
}

function addShow(budgets: Command, surroundings: BudgetsSurroundings): void {
  budgets
    .command('show')
    .description('Show a budget: its limit, what is spent and held, and when it resets.')
    .argument(...SCOPE)
    .addOption(windowOption())
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run weir -- budgets show caller:shop --window day')
    .action(async (scope: string, { window, json }: ShowFlags) => {
      const { showBudget } = await import('../budgets.ts');
      await showBudget(scope, window, await contextOf(surroundings, json));
    });
}

function addSet(budgets: Command, surroundings: BudgetsSurroundings): void {
  const set = budgets.command('set');
  // Of two that contradict each other, commander would take the last.
  const said = new Set<string>();
  set
    .description('Set the limit of a budget: now, and for windows to come.')
    .argument(...SCOPE)
    .addOption(windowOption())
    .option('--limit <usd>', 'what may be spent in a window, such as 50.00', parseLimit)
    .option('--no-limit', "take away what was set: the endpoint's own limit holds again, or none")
    .option('--shards <count>', 'counters that share the load of a busy scope', parseShards)
    .option(...JSON_FLAG)
    .on('option:limit', () => said.add('--limit'))
    .on('option:no-limit', () => said.add('--no-limit'))
    .addHelpText('after', '\nExample:\n  npm run weir -- budgets set endpoint:summarize --window month --limit 50.00')
    .addHelpText('after', '\nA changed limit holds at once; the first limit of a scope within 30 seconds.')
    .action(async (scope: string, { window, limit, shards, json }: SetFlags) => {
      if (said.size > 1) throw new UsageFailure('--limit and --no-limit exclude each other');
      if (limit === undefined) throw new UsageFailure('say what may be spent: --limit <usd>, or --no-limit');
      const { setBudget } = await import('../budgets.ts');
      const change = { window, limitUsd: limit === false ? null : limit, ...(shards !== undefined && { shards }) };
      await setBudget(scope, change, await contextOf(surroundings, json));
    });
}

function addList(budgets: Command, surroundings: BudgetsSurroundings): void {
  budgets
    .command('list')
    .description('Show all budgets.')
    .option(...JSON_FLAG)
    .addHelpText('after', '\nExample:\n  npm run --silent weir -- budgets list --json')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { listBudgets } = await import('../budgets.ts');
      await listBudgets(await contextOf(surroundings, json));
    });
}

function addBackstop(budgets: Command, { streams, openaiBaseUrl }: BudgetsSurroundings): void {
  budgets
    .command('backstop')
    .description('Set or show the spend limit that OpenAI keeps for a project (its admin key from standard input).')
    .requiredOption('--project <id>', "the OpenAI project of Weir's key", parseProject)
    .option('--limit <usd>', 'what OpenAI lets the project spend in a month, in whole cents', parseLimit)
    .option('--show', 'show the present one, and change nothing')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      '\nExample:\n  printenv OPENAI_ADMIN_KEY | npm run weir -- budgets backstop --project proj_123 --limit 500',
    )
    .addHelpText('after', "\nOpenAI's limit is not instantaneous: set it above what Weir's budgets allow together.")
    .action(async ({ project, limit, show = false, json = false }: BackstopFlags) => {
      if (show && limit !== undefined) throw new UsageFailure('--limit and --show exclude each other');
      if (!show && limit === undefined) throw new UsageFailure('say what to do: --limit <usd>, or --show');
      const { setBackstop, showBackstop } = await import('./backstop.ts');
      const context = { streams, baseUrl: openaiBaseUrl ?? 'https://api.openai.com/v1', json };
      await (limit === undefined ? showBackstop(project, context) : setBackstop(project, limit, context));
    });
}

async function contextOf({ findWeir, streams, adminKey }: BudgetsSurroundings, json = false) {
  return { weir: await findWeir(), streams, adminKey, json };
}

function windowOption(): Option {
  return new Option('--window <window>', 'calendar month or day (UTC)').choices(WINDOW_KINDS).default('month');
}

function parseScope(text: string): string {
  if (/^(account|(endpoint|caller):.+)$/.test(text)) return text;
  throw new InvalidArgumentError('It must be endpoint:<name>, caller:<id> or account.');
}

function parseLimit(text: string): string {
  try {
    if (parseUsd(text) >= 0n) return text;
  } catch {
    // Said below, with what else may be wrong.
  }
  throw new InvalidArgumentError('It must be decimal US dollars such as 50.00, with at most 12 decimals.');
}

function parseShards(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

function parseProject(text: string): string {
  if (/^[A-Za-z0-9_-]{1,100}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be the id of an OpenAI project, such as proj_123.');
}
