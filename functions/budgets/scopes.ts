import { monthOf } from './windows.ts';

/**
 * Whose money a reservation takes: `endpoint:<name>` always; `caller:<id>` and `account` where they have a limit. A call
 * reserves in each of its scopes, all or none.
 */
export interface Scope {
  readonly name: `endpoint:${string}` | `caller:${string}` | 'account';
  /** Pico-USD a month. */
  readonly limitPico: bigint;
}

/** The limit of a scope that has none: its counter still carries the holds, which are the write-ahead record of calls. */
export const UNLIMITED_PICO = 10n ** 24n;

/** One counter: one item of the budgets table. A scope that grows hot is split into several shards; each has its share. */
export interface Counter {
  readonly scope: Scope;
  readonly key: string;
  readonly shard: number;
}

/** The counter that a call uses in a scope. Every scope has one shard so far. */
export function counterFor(scope: Scope, atMs: number, shard = 0): Counter {
  return { scope, shard, key: `${scope.name}#${monthOf(atMs)}#${shard}` };
}
