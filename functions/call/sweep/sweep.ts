import { partsOf } from '#budgets/budget-book.ts';
import { applyLateFacts } from './late-facts.ts';
import { giveNotices } from './notices.ts';
import { emptyReport, isInTime, SweepOver, type SweepReport, type SweepRooms } from './sweep-rooms.ts';
import { sweepPart } from './sweep-part.ts';
import { isDone, isRecent, tendBudget } from './tend-budget.ts';

/** Budgets that are swept side by side. */
const AT_ONCE = 16;

/**
 * One sweep over all budgets that may hold money. Finishes the accounts of calls whose processes died, applies late facts,
 * keeps budgets in order and gives notice. Any number may run at once and die at any point: whatever is decided is decided
 * in the ledger or by a condition on a counter, and a second sweep finds nothing left to do.
 *
 * What cannot be done for one budget does not keep the others waiting: it is logged, counted, and tried again by the next.
 *
 * @throws when the directory cannot be read
 */
export async function sweep(rooms: SweepRooms): Promise<SweepReport> {
  const report = emptyReport();
  const { directory } = rooms.budgets;
  const [keys, late] = await Promise.all([directory.names('open'), directory.names('late')]);
  const waiting = new Set(late.map((name) => name.slice(name.lastIndexOf('#') + 1)));
  // Before the budgets are looked at: what is told of them shall count these facts.
  await applyLateFacts(late, rooms, report);
  // From another place each time: what one sweep has no time for, the next one has.
  const first = Math.floor(rooms.platform.random() * keys.length);
  const queue = [...keys.slice(first), ...keys.slice(0, first)];
  const work = async () => {
    while (queue.length > 0 && isInTime(rooms)) await sweepOne(queue.shift()!, waiting, rooms, report);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  report.failed += queue.length;
  return report;
}

async function sweepOne(
  key: string,
  waiting: ReadonlySet<string>,
  rooms: SweepRooms,
  report: SweepReport,
): Promise<void> {
  const { platform } = rooms;
  try {
    await sweepBudget(key, waiting, rooms, report);
    report.budgets += 1;
  } catch (error) {
    report.failed += 1;
    if (error instanceof SweepOver) return;
    platform.log.error('a budget could not be swept', { alarm: 'sweep', budget: key, error });
  }
}

async function sweepBudget(
  key: string,
  waiting: ReadonlySet<string>,
  rooms: SweepRooms,
  report: SweepReport,
): Promise<void> {
  const { book, directory } = rooms.budgets;
  const nowMs = rooms.platform.clock.nowMs();
  const found = await book.read(key);
  if (!found) return isDone(key, found, nowMs) ? directory.remove('open', key) : undefined;
  let touched = false;
  for (const part of partsOf(found)) touched = (await sweepPart(part, waiting, rooms, report)) || touched;
  const swept = touched ? await book.read(key) : found;
  if (!swept) return;
  const tended = (await tendBudget(key, swept, rooms, report)) ? await book.read(key) : swept;
  if (tended && isRecent(key, nowMs)) await giveNotices(key, tended, rooms, report);
  if (isDone(key, swept, nowMs)) await directory.remove('open', key);
}
