import { budgetAt, type Budget, type ScopeName } from '#budgets/budget.ts';

/** A scope's budget in November 2026, the month of the fake clock. */
export function monthOf(scope: ScopeName, limitPico = 1_000n, shards = 1): Budget {
  return budgetAt({ scope, kind: 'month', limitPico, shards, source: 0 }, Date.UTC(2026, 10, 22, 12));
}
