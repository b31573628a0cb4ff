import { expect } from 'vitest';
import type { SweepReport } from '#call/sweep/sweep-rooms.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import type { LedgerRow } from '#ledger/ledger-store.ts';
import { expectCountersToFollow, expectLedgerToCover } from './accounts.ts';
import { endingsAt } from './endings.ts';
import type { Outcome, Task } from './errand.ts';
import { pointName, pointsOf, type KillPoint, type Step } from './kill-points.ts';
import type { Scene } from './scene.ts';
import { sideBySide } from './side-by-side.ts';
import { linesOf } from './table-dump.ts';

/** What is done, and killed, again and again: each time by the number of its endpoint and caller. */
export interface Scenario {
  /** Before any process is killed: limits, and earlier calls. */
  readonly prepare?: (number: number) => Promise<unknown>;
  readonly task: (number: number) => Task;
  /** What the ledger says of the call that is not killed. Absent: the task is no call. */
  readonly outcome?: string;
  /** Where it is killed. @default before and after each request */
  readonly pointsOf?: (steps: readonly Step[]) => KillPoint[];
  /** While the process hangs at its point: calls by other callers, `grace-17`. */
  readonly meanwhile?: (number: number) => Promise<unknown>;
  /** Long afterwards, when everything was swept. */
  readonly afterwards?: (number: number) => Promise<unknown>;
}

export interface Killed {
  /** Of the process that was not killed. */
  readonly outcome: Outcome;
  readonly points: readonly KillPoint[];
  /** What the first sweep did. */
  readonly report: SweepReport;
  /** How the calls ended, by point: the outcome of the ledger entry, or `nothing`. */
  readonly endings: readonly string[];
}

/**
 * Does a task once undisturbed, then for each of its requests once before that lands and once after, killing the process there.
 * Then the sweeper runs: the accounts must be right, of each call and of all together, and a second sweep must find
 * nothing to do.
 *
 * @throws with all points at which something is wrong
 */
export async function killEverywhere(scene: Scene, scenario: Scenario): Promise<Killed> {
  const { prepare, task, meanwhile, afterwards } = scenario;
  await prepare?.(0);
  scene.play(0);
  const { outcome, steps, afterReply } = await scene.rehearse(task(0));
  expect(afterReply).toEqual([]);
  const points = (scenario.pointsOf ?? pointsOf)(steps);
  const numbers = points.map((_, at) => at + 1);
  await sideBySide(numbers, (number) => prepare?.(number));
  const known = new Set((await scene.weir.ledger()).map(({ callId }) => callId));
  await sideBySide(numbers, async (number) => {
    scene.play(number);
    await scene.killAt(points[number - 1]!, task(number), { meanwhile: () => meanwhile?.(number) });
  });

  await scene.passTime();
  const report = await expectOneSweepToDo(scene);
  await expectAccountsToBeRight(scene, points);
  const endings = await endingsOf(scene, numbers, known);
  if (scenario.outcome !== undefined) {
    for (const [at, point] of points.entries()) {
      expect(endingsAt(point, steps, scenario.outcome), pointName(point)).toContain(endings[at]);
    }
  }
  if (afterwards) {
    await sideBySide(numbers, afterwards);
    await expectAccountsToBeRight(scene, points);
  }
  return { outcome, points, report, endings };
}

/** Sweeps, and sweeps again: there was nothing left to do, and nothing was touched. Gives the first sweep's report. */
export async function expectOneSweepToDo(scene: Scene): Promise<SweepReport> {
  const report = await scene.sweep();
  expect(report.failed).toBe(0);
  const swept = linesOf(await scene.dump());
  const { budgets, ...second } = await scene.sweep();
  expect(second).toEqual(Object.fromEntries(Object.keys(second).map((deed) => [deed, 0])));
  // Names of windows that are over have left the list.
  expect(budgets).toBeLessThanOrEqual(report.budgets);
  expect(linesOf(await scene.dump())).toEqual(swept);
  return report;
}

/** What Weir and the upstream have written down agrees, of each number and of all together. @throws with all that does not */
export async function expectAccountsToBeRight(scene: Scene, points: readonly KillPoint[]): Promise<void> {
  const [rows, dump] = [await scene.weir.ledgerRows(), await scene.dump()];
  const faults: string[] = [];
  const check = (what: string, assertion: () => void) => {
    try {
      assertion();
    } catch (error) {
      faults.push(`${what}: ${(error as Error).message}`);
    }
  };
  for (const [at, name] of ['undisturbed', ...points.map(pointName)].entries()) {
    const own = rows.filter((row) => endpointOf(row) === `haiku-${at}`);
    check(name, () => expectLedgerToCover(own, scene.billOf(at)));
  }
  check('all', () => expectLedgerToCover(rows, scene.upstream.bill.lines));
  check('all', () => expectCountersToFollow({ rows, dump }));
  if (faults.length > 0) throw new Error(faults.join('\n\n'));
}

function endpointOf(row: LedgerRow): string {
  return row.kind === 'entry' ? row.entry.endpoint : row.adjustment.endpoint;
}

/** How each killed call ended, as its ledger entry says, by its number; `nothing` is that it left none. */
async function endingsOf(
  scene: Scene,
  numbers: readonly number[],
  known: ReadonlySet<string>,
): Promise<readonly string[]> {
  const fresh = (await scene.weir.ledger()).filter(({ callId, caller }) => !known.has(callId) && !isMeanwhile(caller));
  return numbers.map((number) => fresh.find(({ endpoint }) => endpoint === `haiku-${number}`)?.outcome ?? 'nothing');
}

function isMeanwhile(caller: LedgerEntry['caller']): boolean {
  return caller.startsWith('grace');
}
