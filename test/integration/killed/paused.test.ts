import { expect, test } from 'vitest';
import { writingPointsOf } from '#test/support/killed/kill-points.ts';
import { DEAR, openScene } from '#test/support/killed/open-scene.ts';
import { pauseEverywhere } from '#test/support/killed/pause-everywhere.ts';
import { answer, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { callEarlier, haikuCall } from './haiku-task.ts';

const LONG = { timeout: 300_000 };
const terms = { budget: { monthlyUsd: '1' } };

test.each([
  ['has lost its request on the way: it changes no counter', 'lose'],
  ['has its request land only then', 'land'],
] as const)('L5 a process that sleeps at each request past its kill time, is swept, and %s', LONG, async (_, how) => {
  await using scene = await openScene({ terms, script: [resetAfterBilling(DEAR), answer(DEAR)] });
  const scenario = {
    pointsOf: writingPointsOf,
    async prepare(number: number) {
      await scene.limit(`caller:ada-${number}`, { month: '1' });
      await callEarlier(scene, terms, number);
    },
    task: (number: number) => haikuCall(terms, number),
  };
  const report = await pauseEverywhere(scene, scenario, how);
  const deltas = (await scene.weir.ledgerRows()).flatMap((row) =>
    row.kind === 'adjustment' ? [row.adjustment.deltaPico] : [],
  );
  expect(report.adjusted).toBe(deltas.length);
  // Some of them know by then that less was sent than the sweeper had to count.
  expect(deltas.some((pico) => pico < 0n)).toBe(true);
});
