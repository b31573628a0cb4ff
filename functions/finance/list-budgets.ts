import * as z from 'zod';
import { createBudgetStores } from '#budgets/budgets.ts';
import type { ScopeName } from '#budgets/budget.ts';
import { showBudget } from '#budgets/manage.ts';
import { WINDOW_KINDS } from '#budgets/windows.ts';
import { budgetSchema, toBudgetReply } from '#edge/budget-reply.ts';
import { endpointSpecs, specOf } from '#edge/budget-scope.ts';
import { defineRoute } from '#edge/define-route.ts';

/** All budgets that have a limit, and every endpoint's month. */
export const { handler, spec } = defineRoute({
  summary: 'All budgets: limits, what is spent and held, and when they reset.',
  method: 'GET',
  path: '/v1/budgets',
  access: ['administrator'],
  query: z.strictObject({}),
  output: z.strictObject({ budgets: z.array(budgetSchema) }),
  reads: ['budgets'],
  catalog: true,
  timeoutMs: 28_000,
  async handle(_query, platform) {
    const { clock, config, dynamo } = platform;
    const stores = createBudgetStores({ dynamo, table: config.tables.budgets });
    const specs = await endpointSpecs(platform);
    const endpoints = [...specs.keys()].map((name): ScopeName => `endpoint:${name}`);
    const scopes = new Set([...endpoints, ...((await stores.directory.names('settings')) as ScopeName[])]);
    const budgets: z.input<typeof budgetSchema>[] = [];
    // One scope after the other: there may be thousands, and each is several reads.
    for (const scope of scopes) {
      const shown = await Promise.all(
        WINDOW_KINDS.map((kind) => showBudget(scope, kind, specOf(scope, specs), stores, clock)),
      );
      budgets.push(...shown.filter((budget) => budget !== undefined).map(toBudgetReply));
    }
    return { json: { budgets } };
  },
});
