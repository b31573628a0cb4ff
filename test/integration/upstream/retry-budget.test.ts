import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import {
  invalidApiKey,
  rateLimited,
  requestTimeout,
  serverError,
  unavailable,
} from '#test/support/scripted-failures.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import type { WeirEnvironment } from '#test/support/weir-environment.ts';
import { startWeir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };
const uncached = { headers: { 'cache-control': 'no-store' } };

/** Calls that answer, ten of which earn a token. */
async function earn(environment: WeirEnvironment, tokens: number): Promise<void> {
  for (let call = 0; call < tokens * 10; call++) {
    expect((await environment.post('summarize', body, uncached)).status).toBe(200);
  }
}

test('R6 the upstream fails every one of 1,000 calls: retries add at most a tenth', { timeout: 60_000 }, async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(serverError());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  for (let batch = 0; batch < 50; batch++) {
    const replies = await Promise.all(Array.from({ length: 20 }, () => weir.post('summarize', body)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([502]));
  }
  expect(upstream.requests.length).toBeGreaterThanOrEqual(1_000);
  expect(upstream.requests.length).toBeLessThanOrEqual(1_100);
  await expectBooksToAgree(weir, upstream);
});

test('R6 an upstream that fails half of the time gets retries for about a tenth of its answers', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  const random = seededRandom(6);
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const calls = 200;
  for (let call = 0; call < calls; call++) {
    if (random() < 0.5) upstream.script(serverError());
    await weir.post('summarize', body, uncached);
  }
  const answers = upstream.bill.lines.length;
  expect(upstream.requests.length - calls).toBeLessThanOrEqual(1 + answers / 10);
  expect(upstream.requests.length - calls).toBeGreaterThan(1);
});

test.each([
  ['500', serverError()],
  ['503', unavailable()],
  ['408', requestTimeout()],
  ['429', rateLimited({ retryAfterMs: 0 })],
])(
  'R8 however many tokens there are, a call that meets %s makes at most 3 upstream requests',
  async (_status, step) => {
    await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    await earn(weir, 3);
    const before = upstream.requests.length;
    upstream.otherwise(step);
    const reply = await weir.post('summarize', body, uncached);
    expect([upstream.requests.length - before, reply.headers['x-weir-attempts']]).toEqual([3, '3']);
    await expectBooksToAgree(weir, upstream);
  },
);

test('R8 failures of different kinds do not add up to more', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await earn(weir, 3);
  const before = upstream.requests.length;
  upstream.script(invalidApiKey(), serverError(), serverError(), serverError());
  const reply = await weir.post('summarize', body, uncached);
  expect([reply.status, upstream.requests.length - before]).toEqual([502, 3]);
});

test('R8 what is refused before it is sent earns nothing and spends nothing', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  for (let call = 0; call < 30; call++) await weir.post('summarize', { text: 7 });
  upstream.otherwise(serverError());
  await weir.post('summarize', body);
  expect(upstream.requests).toHaveLength(2);
  await weir.post('summarize', body);
  expect(upstream.requests).toHaveLength(3);
});

test('L13 each attempt is a line under the one call, in its order', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await earn(weir, 1);
  const earlier = new Set((await weir.ledger()).map((entry) => entry.callId));
  upstream.script(serverError(), unavailable());
  const reply = await weir.post('summarize', body, uncached);

  const entries = (await weir.ledger()).filter((entry) => !earlier.has(entry.callId));
  expect(entries).toMatchObject([
    {
      callId: reply.headers['x-weir-call-id'],
      model: 'gpt-5.6-luna',
      outcome: 'completed',
      attempts: [
        { modelAsked: 'gpt-6-luna', outcome: 'failed', status: 500, costPico: 0n },
        { modelAsked: 'gpt-6-luna', outcome: 'overloaded', status: 503, costPico: 0n },
        { modelAsked: 'gpt-5.6-luna', modelServed: 'gpt-5.6-luna', outcome: 'answered', status: 200 },
      ],
    },
  ]);
  expect(entries[0]?.attempts.map((attempt) => attempt.upstreamRequestId)).toEqual(
    upstream.requests.slice(-3).map((request) => request.requestId),
  );
});
