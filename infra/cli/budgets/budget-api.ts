import * as z from 'zod';
import { WINDOW_KINDS, type WindowKind } from '#budgets/windows.ts';
import { parseUsd } from '#platform/money.ts';
import type { Administrator } from '../administrator.ts';
import { createAskApi } from '../ask-api.ts';

const usd = z.string().refine((text) => {
  try {
    return typeof parseUsd(text) === 'bigint';
  } catch {
    return false;
  }
});

/** A budget as the API tells it; members that came later than this command line stay, for machines. */
const budgetSchema = z.looseObject({
  scope: z.string(),
  window: z.enum(WINDOW_KINDS),
  /** Null where there is no limit. */
  limitUsd: usd.nullable(),
  spentUsd: usd,
  heldUsd: usd,
  resetsAt: z.iso.datetime(),
  shards: z.int().optional(),
});
export type Budget = z.infer<typeof budgetSchema>;

const listSchema = z.looseObject({ budgets: z.array(budgetSchema) });

/** What an administrator asks for in a scope. */
export interface BudgetChange {
  readonly window: WindowKind;
  /** Decimal USD; null takes away what was set before. */
  readonly limitUsd: string | null;
  readonly shards?: number;
}

/** Weir's routes for budgets. Each throws a CliFailure that tells in one line what the API says. */
export interface BudgetApi {
  read(scope: string, window: WindowKind): Promise<Budget>;
  /** @returns the budget as it now stands */
  change(scope: string, change: BudgetChange): Promise<Budget>;
  list(): Promise<Budget[]>;
}

const WORDS = { reply: 'a budget', unsure: '; the limit may have changed all the same: see budgets show' };

export function createBudgetApi(apiUrl: string, administrator: Administrator): BudgetApi {
  const ask = createAskApi(apiUrl, administrator, WORDS);
  // A scope is one segment, whatever its endpoint is called (`openai/chat-completions`).
  const pathOf = (scope: string) => `/v1/budgets/${encodeURIComponent(scope)}`;
  return {
    read: (scope, window) =>
      ask({ thing: scope, method: 'GET', path: `${pathOf(scope)}?window=${window}` }, budgetSchema),
    change: (scope, body) => ask({ thing: scope, method: 'PUT', path: pathOf(scope), body }, budgetSchema),
    list: async () => (await ask({ thing: 'budgets', method: 'GET', path: '/v1/budgets' }, listSchema)).budgets,
  };
}
