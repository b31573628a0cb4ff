import { windowOf, type Window, type WindowKind } from './windows.ts';

/** Whose money a reservation takes. */
export type ScopeName = `endpoint:${string}` | `caller:${string}` | 'account';

/** The limit of a scope that has none: its counters still carry the holds, which are the write-ahead record of calls. */
export const UNLIMITED_PICO = 10n ** 24n;

/** What may be spent in a scope: the rule for each of its windows. */
export interface BudgetTerms {
  readonly scope: ScopeName;
  readonly kind: WindowKind;
  /** Pico-USD in a window. */
  readonly limitPico: bigint;
  /** Counters that share the load. */
  readonly shards: number;
  /** Revision of the settings that say so; 0 for what the endpoint's spec says. */
  readonly source: number;
}

/** A scope's budget in one window. */
export interface Budget extends BudgetTerms {
  readonly window: Window;
  /** `<scope>#<window>`: what the keys of all its parts begin with. */
  readonly key: string;
}

/** The budget of a moment. */
export function budgetAt(terms: BudgetTerms, atMs: number): Budget {
  return budgetIn(terms, windowOf(terms.kind, atMs));
}

/** The budget of a window. */
export function budgetIn(terms: BudgetTerms, window: Window): Budget {
  return { ...terms, window, key: `${terms.scope}#${window}` };
}

/** The account's budgets lie under every call, so environments draw purses from them instead of taking from shards. */
export function isEscrow({ scope }: Pick<Budget, 'scope'>): boolean {
  return scope === 'account';
}

/** Key of one counter of a budget: a shard by its number (0 is the head), or a purse by its id. */
export function partKey(budget: { readonly key: string }, part: number | string): string {
  return `${budget.key}#${typeof part === 'number' ? part : `p${part}`}`;
}

/** The budget and the part that a counter's key names. */
export function partOf(key: string): {
  readonly budgetKey: string;
  readonly scope: ScopeName;
  readonly window: Window;
  readonly part: string;
} {
  const partAt = key.lastIndexOf('#');
  const windowAt = key.lastIndexOf('#', partAt - 1);
  return {
    budgetKey: key.slice(0, partAt),
    scope: key.slice(0, windowAt) as ScopeName,
    window: key.slice(windowAt + 1, partAt),
    part: key.slice(partAt + 1),
  };
}

/** An equal share of an amount for one of several; what does not divide goes to the first. Also of a debt. */
export function shareOf(amountPico: bigint, shards: number, shard: number): bigint {
  const count = BigInt(shards);
  const each = amountPico / count;
  return shard === 0 ? amountPico - each * (count - 1n) : each;
}
