import * as z from 'zod';
import { createBudgetStores } from '#budgets/budgets.ts';
import { audited } from '#edge/audit/audit-trail.ts';
import { noBudget, setLimit, showBudget } from '#budgets/manage.ts';
import { budgetSchema, toBudgetReply, windowKind } from '#edge/budget-reply.ts';
import { parseScope } from '#edge/budget-scope.ts';
import { defineRoute } from '#edge/define-route.ts';
import { parseUsd } from '#platform/money.ts';

const MOST_SHARDS = 64;

/** Sets a limit: it holds when the reply is there. A scope that had none before is limited everywhere within 30 s. */
export const { handler, spec } = defineRoute({
  summary: 'Set the limit of a budget; it holds at once.',
  method: 'PUT',
  path: '/v1/budgets/{scope}',
  access: ['administrator'],
  query: z.strictObject({ scope: z.string().describe('endpoint:<name>, caller:<id> or account.') }),
  body: z.strictObject({
    window: windowKind,
    limitUsd: z
      .string()
      .regex(/^(0|[1-9]\d{0,8})(\.\d{1,12})?$/, 'must be decimal US dollars such as "50" or "0.0100", up to 999999999')
      .nullable()
      .describe('The limit. Null: what the endpoint says by itself holds again, or no limit.'),
    shards: z.int().min(1).max(MOST_SHARDS).optional().describe('Counters that share the load. Default: as it is.'),
  }),
  output: budgetSchema,
  example: { scope: 'endpoint:summarize', body: { window: 'month', limitUsd: '50' } },
  reads: ['budgets'],
  writes: ['budgets', 'audit'],
  catalog: true,
  timeoutMs: 28_000,
  async handle({ scope: name, body }, platform, { principal, requestId }) {
    const { clock, config, dynamo, log } = platform;
    const { scope, spec: limits } = await parseScope(name, platform);
    const stores = createBudgetStores({ dynamo, table: config.tables.budgets });
    const { window: kind, limitUsd, shards } = body;
    const limitPico = limitUsd === null ? undefined : parseUsd(limitUsd);
    const deed = {
      action: 'budget.set',
      subject: scope,
      by: principal?.id ?? 'nobody',
      requestId,
      details: body,
    } as const;
    await audited(deed, platform, () => setLimit({ scope, kind, limitPico, shards }, limits, stores, platform));
    log.info('a budget was set', { scope, window: kind, limitUsd, shards, by: principal?.id });
    const budget = await showBudget(scope, kind, limits, stores, clock);
    return { json: toBudgetReply(budget ?? noBudget(scope, kind, clock)) };
  },
});
