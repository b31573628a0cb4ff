import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { quotaExhausted, serverError } from '#test/support/scripted-failures.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };
const uncached = { headers: { 'cache-control': 'no-store' } };

test('R2 a quota code opens the breaker, and the next call makes no upstream request', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(quotaExhausted());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body);
  await weir.clock.advance(10_000);

  const refused = await weir.post('summarize', body);
  expect([refused.status, refused.body['code'], upstream.requests.length]).toEqual([503, 'upstream_quota', 1]);
  expect(refused.headers).toMatchObject({ 'retry-after': '20', 'x-should-retry': 'false', 'x-weir-attempts': '0' });
  expect(await weir.ledger()).toHaveLength(1);
  await expectBooksToAgree(weir, upstream);
});

test('R2 half-open after 30 s: a probe that fails opens it again for twice as long, one that answers closes it', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(quotaExhausted(), quotaExhausted(), answer(), answer());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const statusAndRequests = async () => [
    (await weir.post('summarize', body, uncached)).status,
    upstream.requests.length,
  ];

  expect(await statusAndRequests()).toEqual([503, 1]);
  await weir.clock.advance(29_999);
  expect(await statusAndRequests()).toEqual([503, 1]);
  await weir.clock.advance(1);
  expect(await statusAndRequests()).toEqual([503, 2]);
  await weir.clock.advance(59_999);
  expect(await statusAndRequests()).toEqual([503, 2]);
  await weir.clock.advance(1);
  expect(await statusAndRequests()).toEqual([200, 3]);
  expect(await statusAndRequests()).toEqual([200, 4]);
});

test('R2 of many calls that come as it is half-open, one probes', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(quotaExhausted());
  await weir.post('summarize', body);
  await weir.clock.advance(30_000);

  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const pending = Array.from({ length: 10 }, () => weir.post('summarize', body, uncached));
  // All but the probe are answered while it is out; or a second probe comes in, and this test has its answer.
  await Promise.race([settled(pending, 9), upstream.received(3)]);
  gate.open();
  const statuses = (await Promise.all(pending)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  expect(statuses.filter((status) => status === 503)).toHaveLength(9);
  expect(upstream.requests).toHaveLength(2);
  await expectBooksToAgree(weir, upstream);
});

test('R2 a failure that says nothing of the quota closes it', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(quotaExhausted(), serverError());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body);
  await weir.clock.advance(30_000);
  const reply = await weir.post('summarize', body);
  expect([reply.status, upstream.requests.length]).toEqual([200, 3]);
});

test('R2 a rotated key starts with a closed breaker', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(quotaExhausted(), quotaExhausted(), quotaExhausted(), quotaExhausted());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body);
  // Four trips later it is open for 240 s, and stays so beyond the key's time to live (270 s and more).
  for (const delayMs of [30_000, 60_000, 120_000]) {
    await weir.clock.advance(delayMs);
    await weir.post('summarize', body);
  }
  await weir.putKey(testKey('second'));
  await weir.clock.advance(100_000);
  const reply = await weir.post('summarize', body);
  expect([reply.status, upstream.requests.at(-1)?.key]).toEqual([200, testKey('second')]);
});

test('R2 the breaker of one environment is not that of another', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(quotaExhausted());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body);
  expect((await weir.newEnvironment().post('summarize', body)).status).toBe(200);
});

/** Settles when so many of the promises have. */
async function settled(promises: readonly Promise<unknown>[], count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = count;
  for (const each of promises) void each.then(() => --open === 0 && resolve());
  await promise;
}
