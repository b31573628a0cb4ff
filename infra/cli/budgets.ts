import { formatUsd, parseUsd } from '#platform/money.ts';
import type { WindowKind } from '#budgets/windows.ts';
import { findAdministrator } from './administrator.ts';
import { createBudgetApi, type Budget, type BudgetApi, type BudgetChange } from './budgets/budget-api.ts';
import { about } from './failure.ts';
import type { FoundWeir } from './find-weir.ts';
import { write, type Streams } from './streams.ts';
import { alignedTable, type Column } from './table.ts';

export interface BudgetsContext {
  readonly weir: FoundWeir;
  readonly streams: Streams;
  /** The administrator's key, where the environment has one. */
  readonly adminKey: string | undefined;
  /** One line of JSON a budget, instead of a table. */
  readonly json: boolean;
}

/** Shows one budget. @throws CliFailure with what the API says */
export async function showBudget(scope: string, window: WindowKind, context: BudgetsContext): Promise<void> {
  const api = await openApi(context);
  await present([await api.read(scope, window)], context);
}

/** Changes a budget, and shows it as it then stands. @throws CliFailure with what the API says */
export async function setBudget(scope: string, change: BudgetChange, context: BudgetsContext): Promise<void> {
  const api = await openApi(context);
  await present([await api.change(scope, change)], context);
}

/** Shows all budgets. @throws CliFailure with what the API says */
export async function listBudgets(context: BudgetsContext): Promise<void> {
  const api = await openApi(context);
  await present(await api.list(), context);
}

async function openApi({ weir, adminKey, streams }: BudgetsContext): Promise<BudgetApi> {
  return createBudgetApi(weir.outputs.apiUrl, await findAdministrator(weir, adminKey, streams));
}

function present(budgets: readonly Budget[], { json, streams }: BudgetsContext): Promise<void> {
  const text = json ? budgets.map((budget) => `${JSON.stringify(budget)}\n`).join('') : budgetTable(budgets);
  return about('standard output', write(streams.stdout, text));
}

const COLUMNS: readonly Column[] = [
  { title: 'scope', holds: 'text' },
  { title: 'window', holds: 'text' },
  { title: 'limit', holds: 'amount' },
  { title: 'spent', holds: 'amount' },
  { title: 'held', holds: 'amount' },
  { title: 'left', holds: 'amount' },
  { title: 'resets (UTC)', holds: 'text' },
];
const SHARDS: Column = { title: 'shards', holds: 'amount' };

function budgetTable(budgets: readonly Budget[]): string {
  const isSharded = budgets.some(({ shards }) => shards !== undefined);
  return alignedTable(isSharded ? [...COLUMNS, SHARDS] : COLUMNS, budgets.map(rowOf));
}

function rowOf({ scope, window, limitUsd, spentUsd, heldUsd, resetsAt, shards }: Budget): string[] {
  const [spent, held] = [parseUsd(spentUsd), parseUsd(heldUsd)];
  const limit = limitUsd === null ? undefined : parseUsd(limitUsd);
  return [
    scope,
    window,
    limit === undefined ? 'none' : inDollars(limit),
    inDollars(spent),
    inDollars(held),
    limit === undefined ? '-' : inDollars(limit - spent - held),
    resetsAt.slice(0, 16).replace('T', ' '),
    shards === undefined ? '' : String(shards),
  ];
}

/** Exact: cents would hide most calls. */
function inDollars(amountPico: bigint): string {
  return formatUsd(amountPico).replace(/^-?/, '$&$$');
}
