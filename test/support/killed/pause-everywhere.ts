import { expect } from 'vitest';
import type { SweepReport } from '#call/sweep/sweep-rooms.ts';
import { expectAccountsToBeRight, expectOneSweepToDo, type Scenario } from './kill-everywhere.ts';
import { pointsOf } from './kill-points.ts';
import type { Paused, Scene } from './scene.ts';
import { sideBySide } from './side-by-side.ts';
import { linesOf, type Dump } from './table-dump.ts';

/**
 * Lets a process sleep before and after each of its requests, until it is taken for dead and a sweeper has finished its accounts; then it
 * wakes up, and comes to its end in its own way. Late facts are counted once, and nothing is left.
 *
 * @returns what the sweep afterwards did
 * @param how what it had sent lands only when it wakes up; or is lost, and then no counter may change by what it still does
 */
export async function pauseEverywhere(scene: Scene, scenario: Scenario, how: 'land' | 'lose'): Promise<SweepReport> {
  const { prepare, task } = scenario;
  await prepare?.(0);
  scene.play(0);
  const { steps } = await scene.rehearse(task(0));
  const points = (scenario.pointsOf ?? pointsOf)(steps);
  await using asleep = new AsyncDisposableStack();
  const sleepers: Paused[] = [];
  await sideBySide([...points.entries()], async ([at, point]) => {
    await prepare?.(at + 1);
    scene.play(at + 1);
    sleepers.push(asleep.use(await scene.pauseAt(point, task(at + 1))));
  });
  await scene.passTime();
  expect((await scene.sweep()).failed).toBe(0);

  const counters = countersIn(await scene.dump());
  await sideBySide(sleepers, (sleeper) => sleeper.goOn(how));
  if (how === 'lose') expect(countersIn(await scene.dump())).toEqual(counters);
  const report = await expectOneSweepToDo(scene);
  await expectAccountsToBeRight(scene, points);
  return report;
}

/** Every counter of every budget, as a line. */
function countersIn({ budgets }: Dump): string[] {
  return linesOf({ budgets: budgets.filter((item) => item['available'] !== undefined) });
}
