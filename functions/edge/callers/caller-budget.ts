import type { ScopeName } from '#budgets/budget.ts';
import { createBudgetStores } from '#budgets/budgets.ts';
import { setLimit } from '#budgets/manage.ts';
import type { WindowKind } from '#budgets/windows.ts';
import { formatUsd, parseUsd } from '#platform/money.ts';
import type { Platform } from '#platform/platform.ts';
import type { BudgetWish } from './caller-wish.ts';

/** What a caller may spend, as decimal USD. Null: no limit of its own. */
export interface CallerBudget {
  readonly monthlyUsd: string | null;
  readonly dailyUsd: string | null;
}

const WINDOWS = { monthlyUsd: 'month', dailyUsd: 'day' } as const satisfies Record<keyof CallerBudget, WindowKind>;

/** The limits of a caller's own budget. @throws when the table does not answer */
export async function readCallerBudget(id: string, { dynamo, config }: Platform): Promise<CallerBudget> {
  const { settings } = createBudgetStores({ dynamo, table: config.tables.budgets });
  const { limitsPico } = await settings.read(scopeOf(id));
  const usd = (amountPico: bigint | undefined) => (amountPico === undefined ? null : formatUsd(amountPico));
  return { monthlyUsd: usd(limitsPico.month), dailyUsd: usd(limitsPico.day) };
}

/** Sets the limits that are named, one after the other. @throws when the table does not answer: some may then be set */
export async function setCallerBudget(id: string, wish: BudgetWish, platform: Platform): Promise<void> {
  const { dynamo, config } = platform;
  const stores = createBudgetStores({ dynamo, table: config.tables.budgets });
  for (const name of ['monthlyUsd', 'dailyUsd'] as const) {
    const limitUsd = wish[name];
    if (limitUsd === undefined) continue;
    const limitPico = limitUsd === null ? undefined : parseUsd(limitUsd);
    await setLimit({ scope: scopeOf(id), kind: WINDOWS[name], limitPico }, undefined, stores, platform);
  }
}

function scopeOf(id: string): ScopeName {
  return `caller:${id}`;
}
