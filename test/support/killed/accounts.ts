import { expect } from 'vitest';
import { partOf, shareOf } from '#budgets/budget.ts';
import { parseId } from '#budgets/hold.ts';
import { fromPartItem, heldIn, type HeadState, type PartState } from '#budgets/part.ts';
import { kindOf, windowOf } from '#budgets/windows.ts';
import type { LedgerRow } from '#ledger/ledger-store.ts';
import { fromAttributes } from '#platform/aws/attributes.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { expectBalanced } from '../counter-balance.ts';
import type { BillLine } from '../scripted-bill.ts';
import type { Dump } from './table-dump.ts';

/** What was written down by the end, by Weir and by the upstream. */
export interface Accounts {
  readonly rows: readonly LedgerRow[];
  readonly dump: Dump;
}

/**
 * After a sweep nothing hangs: every counter is balanced and holds nothing, no budget is frozen, all shares make up the budget's limit,
 * and what each budget has spent is what the ledger says of it.
 */
export function expectCountersToFollow({ rows, dump }: Accounts): void {
  const parts = partsIn(dump);
  for (const part of parts) {
    // Marks of late facts are worth nothing.
    const standing = [...part.holds.keys()].filter((id) => parseId(id).kind !== 'mark');
    expect(`${part.key} holds ${heldIn(expectBalanced(part))}: ${standing.join()}`).toBe(`${part.key} holds 0: `);
  }
  const shards = parts.filter(({ key }) => !partOf(key).part.startsWith('p'));
  for (const [key, own] of Map.groupBy(shards, (part) => partOf(part.key).budgetKey)) {
    const head = own.find((part) => part.head)!.head!;
    const inUse = own.filter((part) => Number(partOf(part.key).part) < head.shards);
    const frozen = inUse.filter((part) => part.frozen !== undefined).map((part) => part.key);
    expect(`${key} is frozen in ${frozen.join()}`).toBe(`${key} is frozen in `);
    expect(`${key} has ${sum(sharesOf(head, own))}`).toBe(`${key} has ${head.totalPico}`);
    expect(`${key} spent ${sum(own.map((part) => part.spentPico))}`).toBe(`${key} spent ${spentIn(key, rows)}`);
  }
  const listed = dump.budgets.flatMap((item) => (item['pk']?.S?.startsWith('open#') ? (item['listed']?.SS ?? []) : []));
  expect(listed).toEqual(expect.arrayContaining(shards.map((part) => partOf(part.key).budgetKey)));
}

/**
 * The ledger has what the upstream bills. What stands there as `exact` is a line of the bill, to the pico-dollar; every other line
 * is covered by entries whose basis is `unknown`, and nothing else may exceed the bill.
 */
export function expectLedgerToCover(rows: readonly LedgerRow[], bill: readonly BillLine[]): void {
  const entries = rows.flatMap((row) => (row.kind === 'entry' ? [row.entry] : []));
  const attempts = entries.flatMap((entry) => entry.attempts);
  const known = attempts.filter(({ basis, costPico }) => basis === 'exact' && costPico > 0n);
  const billed = new Map(bill.map((line) => [line.requestId, line.pico]));
  for (const { upstreamRequestId = '', costPico } of known) {
    expect(`${upstreamRequestId} costs ${costPico}`).toBe(
      `${upstreamRequestId} costs ${billed.get(upstreamRequestId)}`,
    );
    billed.delete(upstreamRequestId);
  }
  const unknownPico = sum(attempts.filter(({ basis }) => basis === 'unknown').map(({ costPico }) => costPico));
  expect(unknownPico).toBeGreaterThanOrEqual(sum([...billed.values()]));
  expect(attempts.filter(({ basis }) => basis === 'estimated')).toEqual([]);
  expect(sum(entries.map(({ costPico }) => costPico))).toBe(sum(known.map(({ costPico }) => costPico)) + unknownPico);
  expect(sum(entries.map((entry) => entry.unknownPico))).toBe(unknownPico);
  expect(new Set(entries.map(({ callId }) => callId)).size).toBe(entries.length);
  expectTotalsToCover(rows, bill);
}

/** The same with late facts: the ledger says no less than the bill, and what it says beyond that is `unknown`. */
function expectTotalsToCover(rows: readonly LedgerRow[], bill: readonly BillLine[]): void {
  const billedPico = sum(bill.map(({ pico }) => pico));
  const costPico = sum(rows.map((row) => (row.kind === 'entry' ? row.entry.costPico : row.adjustment.deltaPico)));
  const unknownPico = sum(
    rows.map((row) => (row.kind === 'entry' ? row.entry.unknownPico : row.adjustment.unknownDeltaPico)),
  );
  expect(costPico).toBeGreaterThanOrEqual(billedPico);
  expect(costPico - unknownPico).toBeLessThanOrEqual(billedPico);
}

/** All counters, purses included. */
function partsIn({ budgets }: Dump): PartState[] {
  return budgets
    .filter((item) => item['available'] !== undefined)
    .map((item) => fromPartItem(item['pk']?.S ?? '', fromAttributes(item as Parameters<typeof fromAttributes>[0])));
}

/** The shares of a budget's shards. Those that nobody has opened yet, in a budget that was never changed, have theirs all the same. */
function sharesOf({ totalPico, shards, revision }: HeadState, opened: readonly PartState[]): bigint[] {
  const numbers = new Set(opened.map((part) => Number(partOf(part.key).part)));
  const all = Array.from({ length: revision === 0 ? shards : 0 }, (_, shard) => shard);
  const unopened = all.filter((shard) => !numbers.has(shard));
  return [...opened.map((part) => part.limitPico), ...unopened.map((shard) => shareOf(totalPico, shards, shard))];
}

/** What the ledger says of a budget. */
function spentIn(budgetKey: string, rows: readonly LedgerRow[]): bigint {
  const { scope, window } = partOf(`${budgetKey}#0`);
  const entries = new Map(rows.flatMap((row) => (row.kind === 'entry' ? [[row.entry.callId, row.entry]] : [])));
  const costs = rows.map((row) => {
    const { callId } = row.kind === 'entry' ? row.entry : row.adjustment;
    const entry = entries.get(callId);
    const isOf = scope === 'account' || scope === `endpoint:${entry?.endpoint}` || scope === `caller:${entry?.caller}`;
    if (!isOf || windowOf(kindOf(window), mintedAtMs(callId)) !== window) return 0n;
    return row.kind === 'entry' ? row.entry.costPico : row.adjustment.deltaPico;
  });
  return sum(costs);
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
