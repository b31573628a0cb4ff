import * as z from 'zod';
import { createBudgetStores } from '#budgets/budgets.ts';
import { showBudget } from '#budgets/manage.ts';
import { budgetSchema, toBudgetReply, windowKind } from '#edge/budget-reply.ts';
import { parseScope } from '#edge/budget-scope.ts';
import { defineRoute } from '#edge/define-route.ts';
import { NotFound } from '#platform/errors.ts';

/** What is left of a budget, straight from its counters. */
export const { handler, spec } = defineRoute({
  summary: 'A budget: its limit, what is spent, what is held, and when it resets.',
  method: 'GET',
  path: '/v1/budgets/{scope}',
  access: ['administrator'],
  query: z.strictObject({
    scope: z.string().describe('endpoint:<name>, caller:<id> or account.'),
    window: windowKind,
  }),
  output: budgetSchema,
  example: { scope: 'endpoint:summarize', window: 'month' },
  reads: ['budgets'],
  catalog: true,
  async handle({ scope: name, window }, platform) {
    const { clock, config, dynamo } = platform;
    const { scope, spec: limits } = await parseScope(name, platform);
    const stores = createBudgetStores({ dynamo, table: config.tables.budgets });
    const budget = await showBudget(scope, window, limits, stores, clock);
    if (!budget) throw new NotFound(`${scope} has no limit for the ${window}, and nothing was counted in it`);
    return { json: toBudgetReply(budget) };
  },
});
