import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { killEverywhere } from '#test/support/killed/kill-everywhere.ts';
import { writingPointsOf } from '#test/support/killed/kill-points.ts';
import { DEAR, openScene } from '#test/support/killed/open-scene.ts';
import { modelNotFound } from '#test/support/scripted-failures.ts';
import { answer, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { BOUND_PICO, callEarlier, haikuCall } from './haiku-task.ts';

const LONG = { timeout: 300_000 };
const terms = { budget: { monthlyUsd: '1' } };

test('L5 S6 killed at each request of a plain call with endpoint and caller budgets', LONG, async () => {
  await using scene = await openScene({ terms });
  const killed = await killEverywhere(scene, {
    async prepare(number) {
      await scene.limit(`caller:ada-${number}`, { month: '1' });
      await callEarlier(scene, terms, number);
    },
    outcome: 'completed',
    task: (number) => haikuCall(terms, number),
  });
  expect(killed.outcome.status).toBe(200);
  expect([...new Set(killed.endings)].toSorted()).toEqual(['completed', 'lost', 'nothing', 'void']);
});

test('L5 killed at each request of a call that is cached: its answer is asked for again', LONG, async () => {
  const cached = { ...terms, deterministic: { ttlSeconds: 7 * 86_400 } };
  await using scene = await openScene({ terms: cached });
  const killed = await killEverywhere(scene, {
    async prepare(number) {
      await scene.limit(`caller:ada-${number}`, { month: '1' });
      await callEarlier(scene, cached, number);
    },
    outcome: 'completed',
    task: (number) => haikuCall(cached, number),
    async afterwards(number) {
      const { status } = await scene.perform(haikuCall(cached, number));
      expect(status).toBe(200);
    },
  });
  expect(killed.outcome.status).toBe(200);
  expect([...new Set(killed.endings)].toSorted()).toEqual(['completed', 'lost', 'nothing', 'void']);
});

test(
  'L5 killed at each request of a call whose first attempt was billed and lost, and covered by a top-up',
  LONG,
  async () => {
    await using scene = await openScene({ terms, script: [resetAfterBilling(DEAR), answer(DEAR)] });
    const killed = await killEverywhere(scene, {
      pointsOf: writingPointsOf,
      async prepare(number) {
        await scene.limit(`caller:ada-${number}`, { month: '1' });
        await callEarlier(scene, terms, number);
      },
      outcome: 'completed',
      task: (number) => haikuCall(terms, number),
    });
    expect(killed.outcome.status).toBe(200);
    expect(killed.points.some(({ request }) => request.includes(':more'))).toBe(true);
    expect(killed.points.some(({ request }) => request === 'POST /v1/responses gpt-6-luna (2)')).toBe(true);
  },
);

test('L5 killed at each request of a call that falls back to a dearer model', LONG, async () => {
  await using scene = await openScene({ terms, script: [modelNotFound(), answer(DEAR)] });
  const killed = await killEverywhere(scene, {
    pointsOf: writingPointsOf,
    async prepare(number) {
      await scene.limit(`caller:ada-${number}`, { month: '1' });
      await callEarlier(scene, terms, number);
    },
    outcome: 'completed',
    task: (number) => haikuCall(terms, number),
  });
  expect(killed.outcome.status).toBe(200);
  expect(killed.points.some(({ request }) => request === 'POST /v1/responses gpt-5.6-luna')).toBe(true);
});

test('L5 killed at each request of a call that is refused: nothing was sent, and nothing is held', LONG, async () => {
  await using scene = await openScene({ terms });
  const killed = await killEverywhere(scene, {
    async prepare(number) {
      await scene.limit(`caller:ada-${number}`, { month: formatUsd(BOUND_PICO) });
      await callEarlier(scene, terms, number);
    },
    outcome: 'budget_exceeded',
    task: (number) => haikuCall(terms, number),
  });
  expect(killed.outcome.status).toBe(402);
  expect([...new Set(killed.endings)].toSorted()).toEqual(['nothing', 'void']);
});
