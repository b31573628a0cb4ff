import { createBudgetStores } from '#budgets/budgets.ts';
import { sweep } from '#call/sweep/sweep.ts';
import { endpointSpecs } from '#edge/budget-scope.ts';
import { defineSchedule } from '#edge/define-schedule.ts';
import { createLedgerStore } from '#ledger/ledger-store.ts';

/**
 * The sweeper: finishes the accounts of calls whose processes died, applies late facts, keeps budgets to their limits, and tells
 * when they run out.
 */
export const { handler, spec } = defineSchedule({
  summary: 'Sweeps the budgets: expired holds, late facts, changed limits, notices.',
  everyMinutes: 1,
  writes: ['budgets', 'ledger'],
  notifies: true,
  catalog: true,
  timeoutMs: 55_000,
  memoryMb: 512,
  async handle(platform, { requestId, killAtMs }) {
    const { config, dynamo, log } = platform;
    const report = await sweep({
      platform,
      requestId,
      killAtMs,
      budgets: createBudgetStores({ dynamo, table: config.tables.budgets }),
      ledger: createLedgerStore({ dynamo, table: config.tables.ledger, log }),
      specs: await endpointSpecs(platform),
    });
    log.info('swept', { requestId, ...report });
    return report;
  },
});
