import { expect } from 'vitest';
import type { SweepReport } from '#call/sweep/sweep-rooms.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { expectCountersToFollow, expectLedgerToCover } from './accounts.ts';
import type { Outcome, Task } from './errand.ts';
import { pointName, pointsOf, type KillPoint } from './kill-points.ts';
import type { Scene } from './scene.ts';
import { linesOf } from './table-dump.ts';

/** Processes that run side by side. */
const AT_ONCE = 4;

/** What is done, and killed, again and again: each time by the number of its endpoint and caller. */
export interface Scenario {
  /** Before the process starts: limits, and earlier calls. */
  readonly prepare?: (number: number) => Promise<unknown>;
  readonly task: (number: number) => Task;
  /** While the process hangs at its point. */
  readonly meanwhile?: (number: number) => Promise<unknown>;
}

export interface Killed {
  /** Of the process that was not killed. */
  readonly outcome: Outcome;
  readonly points: readonly KillPoint[];
  /** What the first sweep did. */
  readonly report: SweepReport;
  /** How often calls that were killed ended in which way: `nothing` left no entry at all. */
  readonly endings: Readonly<Record<string, number>>;
}

/**
 * Does a task once undisturbed, then once for each of its requests before it lands and once after, killing the process there. Then the
 * sweeper runs, and the accounts must be right, of each call and of all together; and a second sweep must find nothing to do.
 */
export async function killEverywhere(scene: Scene, { prepare, task, meanwhile }: Scenario): Promise<Killed> {
  const begin = async (number: number) => {
    await prepare?.(number);
    scene.play(number);
  };
  await begin(0);
  const { outcome, steps } = await scene.rehearse(task(0));
  const points = pointsOf(steps);
  const earlier = await callsSoFar(scene);
  await sideBySide(points, async (point, at) => {
    const number = at + 1;
    await begin(number);
    await scene.killAt(point, task(number), async () => void (await meanwhile?.(number)));
  });
  await scene.passTime();
  const report = await expectOneSweepToDo(scene);
  const endings = await expectAccountsToBeRight(scene, points);
  expect(earlier).toBeLessThanOrEqual(points.length);
  return { outcome, points, report, endings };
}
