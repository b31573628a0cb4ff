import { budgetIn, isEscrow, partOf, UNLIMITED_PICO, type Budget } from '#budgets/budget.ts';
import { partsOf, type BudgetState } from '#budgets/budget-book.ts';
import { sumOf } from '#budgets/budget-status.ts';
import { changeBudget, isInDebt, recallPurses } from '#budgets/change.ts';
import { termsOf } from '#budgets/limits.ts';
import { endOf, kindOf, windowOf } from '#budgets/windows.ts';
import { sleep } from '#platform/clock.ts';
import { assertInTime, type SweepReport, type SweepRooms } from './sweep-rooms.ts';

/**
 * Brings a budget in order: to the limit and the shards that settings or spec name, if its window is not over; a change that
 * died is finished; money that lies where nobody can use it is shared out anew.
 *
 * @returns whether anything was changed
 */
export async function tendBudget(
  key: string,
  state: BudgetState,
  rooms: SweepRooms,
  report: SweepReport,
): Promise<boolean> {
  const wanted = await wantedFor(key, state, rooms);
  const { clock, random } = rooms.platform;
  if (wanted && (isOtherwise(state, wanted) || (await isLeftOutOfOrder(key, state, rooms)))) {
    assertInTime(rooms);
    if ((await changeBudget(wanted, { ...rooms.budgets, clock, random })) === 'changed') report.changed += 1;
    return true;
  }
  if (isEscrow(partOf(`${key}#0`)) && isInDebt(state)) {
    await recallPurses({ key }, state, rooms.budgets.parts);
  }
  return false;
}

/** What the budget should be; what it is, where nobody says anything of it any more. Undefined: newer settings are at work. */
async function wantedFor(
  key: string,
  { head }: BudgetState,
  { budgets, platform, specs }: SweepRooms,
): Promise<Budget | undefined> {
  const { scope, window } = partOf(`${key}#0`);
  const kind = kindOf(window);
  const { totalPico, shards, source } = head.head!;
  const asItIs = budgetIn({ scope, kind, limitPico: totalPico, shards, source }, window);
  const spec = scope.startsWith('endpoint:') ? specs.get(scope.slice('endpoint:'.length)) : undefined;
  const isOver = endOf(window) <= platform.clock.nowMs();
  if (isOver || (scope.startsWith('endpoint:') && !spec)) return asItIs;
  const settings = await budgets.settings.read(scope);
  if (settings.revision < source) return undefined;
  const named = termsOf(scope, settings, spec).find((terms) => terms.kind === kind);
  const terms = named ?? { scope, kind, limitPico: UNLIMITED_PICO, shards, source: settings.revision };
  return budgetIn(terms, window);
}

function isOtherwise({ head }: BudgetState, { limitPico, shards }: Budget): boolean {
  return head.head!.totalPico !== limitPico || head.head!.shards !== shards;
}

/** What looks out of order may be a change under way: that is left alone. */
async function isLeftOutOfOrder(key: string, state: BudgetState, { budgets, platform }: SweepRooms): Promise<boolean> {
  if (!isOutOfOrder(state)) return false;
  await sleep(platform.clock, (platform.random() / 2) * CHANGE_TAKES_MS, new AbortController().signal);
  const later = await budgets.book.read(key);
  return later !== undefined && isOutOfOrder(later) && later.head.head!.revision === state.head.head!.revision;
}

/** A change takes some requests one after the other. */
const CHANGE_TAKES_MS = 1_000;

/** A change that died, or money in the wrong place. A budget in debt stays frozen until enough has come back. */
function isOutOfOrder(state: BudgetState): boolean {
  const { head, shards, retired } = state;
  const { most, revision, totalPico } = head.head!;
  if (most === 1) return false;
  // Before the first change shards may wait to be opened; afterwards all are there, and have it all.
  const parts = partsOf(state);
  if (revision > 0 && (parts.length < most || sumOf(parts, (part) => part.limitPico) !== totalPico)) return true;
  if (isInDebt(state)) return shards.some((shard) => shard.frozen === undefined);
  return (
    shards.some((shard) => shard.frozen !== undefined || shard.availablePico < 0n) ||
    retired.some((shard) => shard.availablePico !== 0n)
  );
}

/** Windows that ended so long ago, and hold nothing, need no sweeping any more. */
const TENDED_FOR_MS = 7 * 86_400_000;

/** Whether nothing can happen in a budget any more; of one without a head, whoever named it is about to open it, or died. */
export function isDone(key: string, state: BudgetState | undefined, nowMs: number): boolean {
  const { window } = partOf(`${key}#0`);
  if (nowMs - endOf(window) < TENDED_FOR_MS) return false;
  return !state || partsOf(state).every((part) => part.holds.size === 0);
}

/** Whether the window of a budget is the present one, or the last. */
export function isRecent(key: string, nowMs: number): boolean {
  const { window } = partOf(`${key}#0`);
  const kind = kindOf(window);
  return window === windowOf(kind, nowMs) || nowMs - endOf(window) < 86_400_000;
}
