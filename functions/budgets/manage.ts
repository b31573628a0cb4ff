import type { Clock } from '#platform/clock.ts';
import { budgetIn, UNLIMITED_PICO, type Budget, type BudgetTerms, type ScopeName } from './budget.ts';
import { exactStatusOf, type BudgetStatus } from './budget-status.ts';
import type { BudgetStores } from './budgets.ts';
import { changeBudget } from './change.ts';
import { termsOf, type SpecLimits } from './limits.ts';
import type { Settings } from './settings.ts';
import { WINDOW_KINDS, windowOf, type WindowKind } from './windows.ts';

/** What an administrator wants of a scope. */
export interface LimitWish {
  readonly scope: ScopeName;
  readonly kind: WindowKind;
  /** Undefined: what the spec says holds again, or no limit. */
  readonly limitPico: bigint | undefined;
  /** Absent: as it is. */
  readonly shards?: number | undefined;
}

/** A budget as it is shown. */
export interface ShownBudget extends BudgetStatus {
  readonly shards: number;
}

const MOST_TRIES = 5;
/** Clocks differ: a window that begins so soon may have been opened somewhere. */
const SOON_MS = 60_000;

/**
 * Sets a limit or a number of shards: first for windows to come, then in those that are open. When this returns, the limit holds.
 * Half done, the sweeper does the rest.
 *
 * @throws when the table does not answer, or others change the same scope all the time
 */
export async function setLimit(
  wish: LimitWish,
  spec: SpecLimits | undefined,
  stores: BudgetStores,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): Promise<void> {
  const { scope, kind, shards } = wish;
  await stores.directory.add('settings', scope);
  const settings = await replaceSettings(wish, stores);
  const terms = termsOf(scope, settings, spec);
  const kinds = shards === undefined ? [kind] : WINDOW_KINDS;
  const none = {
    scope,
    limitPico: UNLIMITED_PICO,
    shards: settings.shards ?? spec?.shards ?? 1,
    source: settings.revision,
  };
  for (const each of kinds) {
    const named = terms.find((its) => its.kind === each);
    for (const budget of openWindows(named ?? { ...none, kind: each }, clock.nowMs())) {
      // Nothing to be limited, and nothing there that was.
      if (!named && !(await stores.book.read(budget.key))) continue;
      await changeBudget(budget, { ...stores, clock, random });
    }
  }
}

async function replaceSettings(
  { scope, kind, limitPico, shards }: LimitWish,
  { settings }: BudgetStores,
): Promise<Settings> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const standing = await settings.read(scope);
    const { [kind]: _replaced, ...others } = standing.limitsPico;
    const limitsPico = { ...others, ...(limitPico !== undefined && { [kind]: limitPico }) };
    const wanted = { ...standing, limitsPico, ...(shards !== undefined && { shards }) };
    if (await settings.replace(scope, wanted)) return { ...wanted, revision: standing.revision + 1 };
  }
  throw new Error(`the settings of ${scope} change faster than they can be set`);
}

function openWindows(terms: BudgetTerms, nowMs: number): Budget[] {
  const window = windowOf(terms.kind, nowMs);
  const next = windowOf(terms.kind, nowMs + SOON_MS);
  return [...new Set([window, next])].map((each) => budgetIn(terms, each));
}

/**
 * The budget of a scope in the window of now. Undefined: it has no limit, and nothing was ever counted in it.
 * @throws when the table does not answer
 */
export async function showBudget(
  scope: ScopeName,
  kind: WindowKind,
  spec: SpecLimits | undefined,
  stores: BudgetStores,
  clock: Clock,
): Promise<ShownBudget | undefined> {
  const settings = await stores.settings.read(scope);
  const terms = termsOf(scope, settings, spec).find((each) => each.kind === kind);
  const window = windowOf(kind, clock.nowMs());
  const state = await stores.book.read(`${scope}#${window}`);
  if (state) {
    const status = await exactStatusOf({ scope, window, kind }, state, stores.parts);
    return { ...status, shards: state.head.head!.shards };
  }
  if (!terms) return undefined;
  const { limitPico, shards } = terms;
  return { budget: { scope, window, kind }, ...untouched(limitPico), shards };
}

/** A scope without a limit, of which nothing is counted. */
export function noBudget(scope: ScopeName, kind: WindowKind, clock: Clock): ShownBudget {
  const budget = { scope, kind, window: windowOf(kind, clock.nowMs()) };
  return { budget, ...untouched(UNLIMITED_PICO), shards: 1 };
}

function untouched(limitPico: bigint) {
  return { limitPico, spentPico: 0n, heldPico: 0n, availablePico: limitPico, usablePico: limitPico };
}
