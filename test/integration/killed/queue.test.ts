import { expect, test } from 'vitest';
import type { MessageTask } from '#test/support/killed/errand.ts';
import { killEverywhere } from '#test/support/killed/kill-everywhere.ts';
import { openScene } from '#test/support/killed/open-scene.ts';

const LONG = { timeout: 300_000 };
const terms = { budget: { monthlyUsd: '1' } };

function delivery(number: number, topic = 'rain'): MessageTask {
  const id = `${topic}-${number}`;
  const message = { id, input: { topic }, replyTo: 'summarize-results' };
  return { kind: 'message', endpoint: `haiku-${number}`, terms, messageId: id, message };
}

test(
  'L5 P5 killed at each request of a queue message: it comes again, and is answered; what was lost is known',
  LONG,
  async () => {
    await using scene = await openScene({ terms });
    const done = { batchItemFailures: [] };
    const killed = await killEverywhere(scene, {
      async prepare(number) {
        await scene.limit(`caller:queue:haiku-${number}`, { month: '1' });
        expect((await scene.perform(delivery(number, 'snow'))).body).toEqual(done);
      },
      outcome: 'completed',
      task: (number) => delivery(number),
      // Nobody has deleted the message, so that it is delivered again when its visibility timeout is over.
      async afterwards(number) {
        expect((await scene.perform(delivery(number))).body).toEqual(done);
      },
    });
    expect(killed.outcome.body).toEqual(done);
    expect([...new Set(killed.endings)].toSorted()).toEqual(['completed', 'lost', 'nothing', 'void']);
    expect(killed.points.filter(({ request }) => request.includes(' jobs '))).toHaveLength(4);

    // Each message has its answer, and that of a call which was paid for before is the same.
    const results = await scene.weir.queues.results('summarize');
    const byId = Map.groupBy(results, ({ id }) => id);
    for (const number of killed.points.keys()) {
      const own = byId.get(`rain-${number + 1}`) ?? [];
      expect(own.length).toBeGreaterThanOrEqual(1);
      expect(new Set(own.map((result) => JSON.stringify(result))).size).toBe(1);
    }
  },
);
