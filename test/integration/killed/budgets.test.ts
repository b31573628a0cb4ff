import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { killEverywhere } from '#test/support/killed/kill-everywhere.ts';
import { writingPointsOf } from '#test/support/killed/kill-points.ts';
import { DEAR, openScene } from '#test/support/killed/open-scene.ts';
import { answer, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { BOUND_PICO, callEarlier, haikuCall } from './haiku-task.ts';

const LONG = { timeout: 300_000 };

test(
  'L5 killed at each request of the first call of a month and a day, which opens its budgets and their shards',
  LONG,
  async () => {
    const terms = { budget: { monthlyUsd: '1', dailyUsd: '1', shards: 2 } };
    await using scene = await openScene({ terms });
    const killed = await killEverywhere(scene, {
      pointsOf: writingPointsOf,
      prepare: (number) => scene.limit(`caller:ada-${number}`, { month: '1' }),
      outcome: 'completed',
      task: (number) => haikuCall(terms, number),
    });
    expect(killed.outcome.status).toBe(200);
    expect(killed.points.some(({ request }) => request.startsWith('PutItem budgets endpoint:haiku#2026-11#0'))).toBe(
      true,
    );
  },
);

test(
  'L5 killed at each request of a call whose hold is split over shards, and topped up over more of them',
  LONG,
  async () => {
    // No shard has enough for a call: a hold takes two, and two holds all three.
    const limit = formatUsd((5n * BOUND_PICO) / 2n);
    const terms = { budget: { monthlyUsd: limit, shards: 3 } };
    await using scene = await openScene({ terms, script: [resetAfterBilling(DEAR), answer(DEAR)] });
    const killed = await killEverywhere(scene, {
      pointsOf: writingPointsOf,
      async prepare(number) {
        await scene.limit(`caller:ada-${number}`, { day: limit }, 3);
        await callEarlier(scene, terms, number);
      },
      outcome: 'completed',
      task: (number) => haikuCall(terms, number),
    });
    expect(killed.outcome.status).toBe(200);
    expect(
      killed.points.filter(({ request }) => /endpoint:haiku#2026-11#[12] .*:max/.test(request)).length,
    ).toBeGreaterThan(2);
  },
);

test('L5 killed at each request of a call that draws a purse from the account', LONG, async () => {
  const terms = { budget: { monthlyUsd: '1' } };
  await using scene = await openScene({ terms, script: [resetAfterBilling(DEAR), answer(DEAR)] });
  await scene.limit('account', { month: '100', day: '100' });
  const killed = await killEverywhere(scene, {
    prepare: (number) => callEarlier(scene, terms, number),
    outcome: 'completed',
    task: (number) => haikuCall(terms, number),
  });
  expect(killed.outcome.status).toBe(200);
  expect(killed.report.pursesClosed).toBeGreaterThan(killed.points.length / 2);
  expect(killed.points.some(({ request }) => request.startsWith('PutItem budgets account#2026-11#<purse>'))).toBe(true);
});

test('L5 killed at each request of a call that holds in the account itself, where little is left', LONG, async () => {
  const terms = { budget: { monthlyUsd: '1' } };
  await using scene = await openScene({ terms });
  await scene.limit('account', { month: formatUsd(150n * BOUND_PICO) });
  const killed = await killEverywhere(scene, {
    pointsOf: writingPointsOf,
    prepare: (number) => callEarlier(scene, terms, number),
    outcome: 'completed',
    task: (number) => haikuCall(terms, number),
  });
  expect(killed.outcome.status).toBe(200);
  expect(killed.points.some(({ request }) => request.includes('account#2026-11#0 SET available'))).toBe(true);
  expect(killed.points.some(({ request }) => request.includes('<purse>'))).toBe(false);
});
