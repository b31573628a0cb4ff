import { createBudgetStores } from '#budgets/budgets.ts';
import { setLimit, showBudget, type ShownBudget } from '#budgets/manage.ts';
import { parseUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import { EVALUATOR } from '#edge/callers/own-ids.ts';

const SCOPE = `caller:${EVALUATOR}` as const;
/** What evaluations may spend in a day (UTC) until somebody says otherwise. */
export const DEFAULT_DAILY_USD = '5.00';

/**
 * What evaluations may spend today. They are a caller like others, `weir-eval`, whose budget of the day holds for all of them
 * together; it is set here when it is wished for, and where there was none.
 *
 * @param dailyUsd a new limit; undefined: as it is
 */
export async function evaluationBudget(dailyUsd: string | undefined, platform: Platform): Promise<ShownBudget> {
  const { dynamo, config, clock } = platform;
  const stores = createBudgetStores({ dynamo, table: config.tables.budgets });
  const show = () => showBudget(SCOPE, 'day', undefined, stores, clock);
  const standing = dailyUsd === undefined ? await show() : undefined;
  if (standing) return standing;
  const limitPico = parseUsd(dailyUsd ?? DEFAULT_DAILY_USD);
  await setLimit({ scope: SCOPE, kind: 'day', limitPico }, undefined, stores, platform);
  return (await show()) as ShownBudget;
}
