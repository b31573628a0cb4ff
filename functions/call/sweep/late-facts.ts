import { partKey, partOf } from '#budgets/budget.ts';
import { markId } from '#budgets/hold.ts';
import { windowOf } from '#budgets/windows.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { assertInTime, isInTime, SweepOver, type SweepReport, type SweepRooms } from './sweep-rooms.ts';

/** A process announces a late fact just before it writes it; after so long it never will. */
const ANNOUNCED_FOR_MS = 86_400_000;

const NO_DIFFERENCE = { deltaPico: 0n, unknownDeltaPico: 0n };

/**
 * Applies what processes found out after the sweeper had taken them for dead. Each counter takes the difference once, and
 * keeps a mark of it; when all have it the call leaves the list.
 *
 *     S1   adjust (mark) ──► leaves the list
 *     S2   read the list …………… adjust ──► the mark is there: nothing changes
 */
export async function applyLateFacts(names: readonly string[], rooms: SweepRooms, report: SweepReport): Promise<void> {
  const { budgets, ledger, platform } = rooms;
  for (const name of names) {
    if (!isInTime(rooms)) return;
    const at = name.lastIndexOf('#');
    const endpoint = name.slice(0, at);
    const callId = name.slice(at + 1);
    try {
      const known = await ledger.find(endpoint, callId);
      const nowMs = platform.clock.nowMs();
      if (known?.adjustment) {
        const markValue = `0|${Math.floor(nowMs / 1000).toString(36)}`;
        for (const part of partsOf(known.entry)) {
          assertInTime(rooms);
          const mark = { part, id: markId(callId), value: markValue };
          // Where it is done already the mark is young again: it counts from when all counters had theirs.
          if (!(await budgets.parts.adjust(mark, known.adjustment.deltaPico))) await budgets.parts.renew(mark);
        }
        report.adjusted += 1;
      } else if (nowMs - mintedAtMs(callId) < ANNOUNCED_FOR_MS) continue;
      // From now on nobody can write it any more: the list would not know of it.
      else if (known) await ledger.adjust({ ...NO_DIFFERENCE, callId, endpoint, basis: known.entry.basis });
      await budgets.directory.remove('late', name);
    } catch (error) {
      report.failed += 1;
      if (error instanceof SweepOver) return;
      platform.log.error('a late fact could not be applied', { alarm: 'sweep', callId, endpoint, error });
    }
  }
}

/** One counter of each budget that the entry charged: its first, and for a purse, which may be closed by now, the head. */
function partsOf({ holds, endpoint, callId }: LedgerEntry): string[] {
  const month = partKey({ key: `endpoint:${endpoint}#${windowOf('month', mintedAtMs(callId))}` }, 0);
  const byBudget = new Map([[partOf(month).budgetKey, month]]);
  for (const { part } of holds.toReversed()) {
    const { budgetKey, part: name } = partOf(part);
    byBudget.set(budgetKey, name.startsWith('p') ? partKey({ key: budgetKey }, 0) : part);
  }
  return [...byBudget.values()];
}
