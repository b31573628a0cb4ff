import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { killEverywhere } from '#test/support/killed/kill-everywhere.ts';
import { writingPointsOf } from '#test/support/killed/kill-points.ts';
import { DEAR, MOST_POINTS, openScene } from '#test/support/killed/open-scene.ts';
import { answer, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { BOUND_PICO, callEarlier, haikuCall } from './haiku-task.ts';

const LONG = { timeout: 300_000 };

test(
  'L5 a process hangs at each request of a window’s first call and is killed; another calls meanwhile, and is served',
  LONG,
  async () => {
    const terms = { budget: { monthlyUsd: formatUsd(5n * BOUND_PICO), shards: 2 } };
    await using scene = await openScene({ terms, script: [resetAfterBilling(DEAR), answer(DEAR)] });
    await scene.limit('account', { month: '100' });
    // There is but one account: its budget is opened once.
    await callEarlier(scene, terms, MOST_POINTS - 1);
    const killed = await killEverywhere(scene, {
      pointsOf: writingPointsOf,
      prepare: (number) => scene.limit(`caller:ada-${number}`, { month: '1' }),
      outcome: 'completed',
      task: (number) => haikuCall(terms, number),
      async meanwhile(number) {
        const { status } = await scene.perform(haikuCall(terms, number, { caller: `grace-${number}` }));
        expect(status).toBe(200);
      },
    });
    expect(killed.outcome.status).toBe(200);
  },
);

test(
  'L5 an administrator’s process is killed at each request by which it changes limit and shards under a call: the sweeper ends it',
  LONG,
  async () => {
    const terms = { budget: { monthlyUsd: formatUsd(6n * BOUND_PICO), shards: 3 } };
    await using scene = await openScene({ terms });
    const killed = await killEverywhere(scene, {
      pointsOf: writingPointsOf,
      prepare: (number) => scene.perform(haikuCall(terms, number)),
      task: (number) => ({
        kind: 'limit',
        scope: `endpoint:haiku-${number}`,
        body: { window: 'month', limitUsd: formatUsd(4n * BOUND_PICO), shards: 2 },
      }),
      async meanwhile(number) {
        // Frozen shards are no reason to lend twice: served, refused, or asked to come again.
        const { status } = await scene.perform(haikuCall(terms, number, { caller: `grace-${number}` }));
        expect([200, 402, 503]).toContain(status);
      },
    });
    expect(killed.outcome.status).toBe(200);
    // Settings come first: once they have landed the change comes about, whoever dies.
    const { budgetStores } = scene.weir;
    for (const number of killed.points.keys()) {
      const scope = `endpoint:haiku-${number + 1}` as const;
      const isSet = (await budgetStores.settings.read(scope)).revision > 0;
      const head = (await scene.weir.head(scope))?.head;
      expect([head?.totalPico, head?.shards]).toEqual(isSet ? [4n * BOUND_PICO, 2] : [6n * BOUND_PICO, 3]);
    }
  },
);
