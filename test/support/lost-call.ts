import { partOf } from '#budgets/budget.ts';
import { writeOff } from '#call/sweep/write-off.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { mintCallId } from '#platform/call-id.ts';
import { MemoryBudgets } from './memory-budgets.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);

/** A call to summarize whose process dies. It began at noon of 2026-11-22. */
export const lostCallId = mintCallId(NOON_MS);

/** What a sweeper makes of the call two minutes later, by nothing but what stands. */
export function writeOffLost(room: MemoryBudgets): Promise<LedgerEntry> {
  const facts = { endpoint: 'summarize', functionName: 'weir-sweep', requestId: 'sweep' };
  const call = { ...facts, callId: lostCallId, nowMs: NOON_MS + 120_000 };
  return writeOff(call, new MemoryBudgets({ over: room }));
}

/** What the entry charges to each budget, by its key. */
export function chargedTo(entry: LedgerEntry): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const { part, pico } of entry.holds) {
    const { budgetKey } = partOf(part);
    sums[budgetKey] = (sums[budgetKey] ?? 0n) + pico;
  }
  return sums;
}
