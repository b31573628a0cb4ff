import * as z from 'zod';
import { UNLIMITED_PICO } from '#budgets/budget.ts';
import type { ShownBudget } from '#budgets/manage.ts';
import { WINDOW_KINDS, resetsAt } from '#budgets/windows.ts';
import { formatUsd } from '#platform/money.ts';

const usd = z.string().describe('Decimal US dollars, exact to the pico-dollar.');

/** Which window of a scope is meant. */
export const windowKind = z.enum(WINDOW_KINDS).default('month').describe('The calendar month or the day, in UTC.');

/** A budget in the reply of a route. */
export const budgetSchema = z.strictObject({
  scope: z.string().describe('endpoint:<name>, caller:<id> or account.'),
  window: z.enum(WINDOW_KINDS),
  limitUsd: usd.nullable().describe('Null: there is no limit.'),
  spentUsd: usd,
  heldUsd: usd.describe('Held for calls that are under way, at the most that they can cost.'),
  resetsAt: z.string().describe('When the next window begins (ISO 8601, UTC).'),
  shards: z.int().optional().describe('Counters that share the load, where there are several.'),
});

/** A budget as `budgetSchema` shows it. */
export function toBudgetReply({ budget, shards, ...figures }: ShownBudget): z.input<typeof budgetSchema> {
  return {
    scope: budget.scope,
    window: budget.kind,
    limitUsd: figures.limitPico >= UNLIMITED_PICO ? null : formatUsd(figures.limitPico),
    spentUsd: formatUsd(figures.spentPico),
    heldUsd: formatUsd(figures.heldPico),
    resetsAt: resetsAt(budget.window),
    ...(shards > 1 && { shards }),
  };
}
