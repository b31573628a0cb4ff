import { formatUsd } from '#platform/money.ts';
import type { Attempt, LedgerEntry } from './entry.ts';
import { dayOf, type LedgerRow } from './ledger-store.ts';

/** What spend can be split by. */
export const SPEND_DIMENSIONS = ['endpoint', 'caller', 'model', 'day'] as const;
export type SpendDimension = (typeof SPEND_DIMENSIONS)[number];

/** Spend of one group. Money is a decimal string in USD, exact to the pico-dollar. */
export type SpendRow = Partial<Record<SpendDimension, string>> & {
  readonly calls: number;
  readonly cacheHits: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Everything, `unknownUsd` included: what may have been billed counts at its bound. */
  readonly costUsd: string;
  readonly unknownUsd: string;
  readonly savedUsd: string;
};

export interface SpendReport {
  readonly rows: readonly SpendRow[];
  /** The sum of all rows' `costUsd`. */
  readonly totalUsd: string;
  /** The part of `totalUsd` that nobody could confirm. */
  readonly unknownUsd: string;
}

interface Sum {
  readonly group: Partial<Record<SpendDimension, string>>;
  calls: number;
  cacheHits: number;
  inputTokens: number;
  outputTokens: number;
  costPico: bigint;
  unknownPico: bigint;
  savedPico: bigint;
}

/** A tag, with any value where none is named. */
export interface WantedTag {
  readonly name: string;
  readonly value?: string;
}

/**
 * Adds up ledger rows by the given dimensions, largest cost first. The report's total is the ledger's total (L11).
 * @param tag counts only the calls that have it
 */
export async function spendReport(
  rows: AsyncIterable<LedgerRow>,
  by: readonly SpendDimension[],
  tag?: WantedTag,
): Promise<SpendReport> {
  const sums = new Map<string, Sum>();
  /** Without a sum where the call does not count. */
  let latest: { readonly callId: string; readonly sum?: Sum } | undefined;
  for await (const row of rows) {
    if (row.kind === 'entry') {
      latest = { callId: row.entry.callId };
      if (tag && !hasTag(row.entry, tag)) continue;
      const sum = sumOf(sums, groupOf(row.entry, by, row.entry.model));
      addCall(sum, row.entry);
      latest = { callId: row.entry.callId, sum };
      // A fallback's money belongs to the model that was billed, also where the call counts for another.
      for (const attempt of row.entry.attempts) {
        addAttempt(sumOf(sums, groupOf(row.entry, by, attempt.modelServed ?? attempt.modelAsked)), attempt);
      }
    } else {
      // An adjustment stands right behind its entry, in the same partition.
      if (latest?.callId !== row.adjustment.callId)
        throw new Error(`adjustment without entry: ${row.adjustment.callId}`);
      if (!latest.sum) continue;
      latest.sum.costPico += row.adjustment.deltaPico;
      latest.sum.unknownPico += row.adjustment.unknownDeltaPico;
    }
  }
  const ordered = [...sums.values()].sort((a, b) => compare(b.costPico, a.costPico));
  return {
    rows: ordered.map(toRow),
    totalUsd: formatUsd(ordered.reduce((total, sum) => total + sum.costPico, 0n)),
    unknownUsd: formatUsd(ordered.reduce((total, sum) => total + sum.unknownPico, 0n)),
  };
}

function hasTag({ tags = {} }: LedgerEntry, { name, value }: WantedTag): boolean {
  return Object.hasOwn(tags, name) && (value === undefined || tags[name] === value);
}

function groupOf(entry: LedgerEntry, by: readonly SpendDimension[], model: string): Sum['group'] {
  const values = { endpoint: entry.endpoint, caller: entry.caller, model, day: dayOf(entry.callId) };
  return Object.fromEntries(by.map((dimension) => [dimension, values[dimension]]));
}

function sumOf(sums: Map<string, Sum>, group: Sum['group']): Sum {
  const key = JSON.stringify(group);
  let sum = sums.get(key);
  if (!sum) {
    sum = {
      group,
      calls: 0,
      cacheHits: 0,
      inputTokens: 0,
      outputTokens: 0,
      costPico: 0n,
      unknownPico: 0n,
      savedPico: 0n,
    };
    sums.set(key, sum);
  }
  return sum;
}

function addCall(sum: Sum, entry: LedgerEntry): void {
  sum.calls += 1;
  if (entry.cache === 'hit') sum.cacheHits += 1;
  sum.savedPico += entry.savedPico;
  // What stands in no attempt: a sweeper knows that a call may have been billed, and not for what.
  sum.costPico += entry.costPico;
  sum.unknownPico += entry.unknownPico;
  for (const { costPico, basis } of entry.attempts) {
    sum.costPico -= costPico;
    if (basis === 'unknown') sum.unknownPico -= costPico;
  }
}

function addAttempt(sum: Sum, attempt: Attempt): void {
  sum.inputTokens += attempt.usage?.inputTokens ?? 0;
  sum.outputTokens += attempt.usage?.outputTokens ?? 0;
  sum.costPico += attempt.costPico;
  if (attempt.basis === 'unknown') sum.unknownPico += attempt.costPico;
}

function toRow({ group, costPico, unknownPico, savedPico, ...counts }: Sum): SpendRow {
  return {
    ...group,
    ...counts,
    costUsd: formatUsd(costPico),
    unknownUsd: formatUsd(unknownPico),
    savedUsd: formatUsd(savedPico),
  };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
