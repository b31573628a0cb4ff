import { expect, test } from 'vitest';
import type { Call } from '#call/call.ts';
import { moneyPath } from '#call/money-path.ts';
import { createRooms } from '#call/rooms.ts';
import { mintCallId } from '#platform/call-id.ts';
import { systemClock } from '#platform/clock.ts';
import { startDeadline } from '#platform/deadline.ts';
import { CallerGone } from '#platform/errors.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { rateLimited, serverError } from '#test/support/scripted-failures.ts';
import { hang } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };

test.each([
  ['before it answers', hang({ billed: true })],
  ['in the middle of its answer', hang({ billed: true, afterHeaders: true })],
])(
  'R4 the upstream hangs %s and Lambda has 10 s left: the reply comes within 9 s, with the spend settled',
  async (_when, step) => {
    await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
    upstream.otherwise(step);
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const startedMs = weir.clock.nowMs();

    const pending = weir.post('summarize', body, { remainingMs: 10_000 });
    const request = await upstream.received();
    await weir.clock.advance(8_400);
    expect(request.clientLeftAtMs).toBeUndefined();
    await weir.clock.advance(100);
    const reply = await pending;

    expect(weir.clock.nowMs() - startedMs).toBeLessThan(9_000);
    expect([reply.status, reply.body['code'], reply.headers['x-should-retry']]).toEqual([
      504,
      'deadline_exceeded',
      'false',
    ]);
    expect(await request.ending).toBe('client left');
    const [entry] = await weir.ledger();
    expect(entry).toMatchObject({
      outcome: 'deadline_exceeded',
      basis: 'unknown',
      attempts: [{ outcome: 'cancelled' }],
    });
    await expectBooksToAgree(weir, upstream);
    expect(weir.clock.pending).toBe(0);
  },
);

test('R4 by the machine’s own clock: a tenth of Lambda’s time is still left when the reply comes', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(hang({ billed: true }));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock: systemClock });
  const startedMs = Date.now();
  const reply = await weir.post('summarize', body, { remainingMs: 7_500 });
  expect(Date.now() - startedMs).toBeLessThan(6_750);
  expect(reply.body['code']).toBe('deadline_exceeded');
  await expectBooksToAgree(weir, upstream);
});

test('R3 Retry-After: 61 with 20 s left: one attempt, and 429 with the header', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(rateLimited({ retryAfterSeconds: 61 }));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('summarize', body, { remainingMs: 20_000 });
  expect([reply.status, reply.headers['retry-after'], upstream.requests.length]).toEqual([429, '61', 1]);
  await expectBooksToAgree(weir, upstream);
});

test.each([
  ['Retry-After in seconds', { retryAfterSeconds: 2 }],
  ['retry-after-ms', { retryAfterMs: 2_000 }],
  ['retry-after-ms before Retry-After', { retryAfterMs: 2_000, retryAfterSeconds: 600 }],
  ['Retry-After as a date', { retryAfterSeconds: 'Sun, 22 Nov 2026 12:00:02 GMT' }],
])('R1 %s is waited for, neither less nor in vain', async (_form, wait) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(rateLimited(wait));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const pending = weir.post('summarize', body);
  await weir.clock.timersSet(3); // the call's deadline, the renewal of its lead, and the backoff
  await weir.clock.advance(1_999);
  expect([weir.clock.pending, upstream.requests.length]).toEqual([3, 1]);
  await weir.clock.advance(1);
  expect([(await pending).status, upstream.requests.length]).toEqual([200, 2]);
});

test('R7 a call that is cancelled during a backoff stops at once, without a timer left behind', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(serverError());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, random: () => 0.9 });
  const { clock } = weir;
  const deadline = startDeadline(clock, clock.nowMs() + 20_000);
  const call: Call = {
    id: mintCallId(clock.nowMs()),
    terms: {
      name: 'summarize',
      version: 1,
      budget: { limitsPico: { month: 50n * 10n ** 12n }, shards: 1 },
      idleTimeoutMs: 60_000,
      redact: 'off',
      redactsOutput: false,
    },
    principal: { id: 'ada', kind: 'caller', roles: ['caller'] },
    requestId: 'a request',
    deadline,
    replyByMs: clock.nowMs() + 29_000,
    killAtMs: clock.nowMs() + 30_000,
    cacheWish: { read: false, store: false, maxAgeSeconds: 0, onlyIfCached: false },
  };
  const question = { kind: 'respond', model: 'gpt-6-luna', instructions: '', input: [], maxOutputTokens: 100 } as const;
  const ended = moneyPath(
    call,
    createRooms(weir.platform),
    (ask) => ask(question, { fallbackModels: [] }),
    () => undefined,
  ).catch((error: unknown) => error);

  await clock.timersSet(2);
  deadline.cancel(new CallerGone());
  // The clock is not turned: the backoff of 225 ms never passes, so its end is the cancellation's doing.
  expect(await ended).toBeInstanceOf(CallerGone);
  expect([clock.pending, upstream.requests.length]).toEqual([0, 1]);
  await expectBooksToAgree(weir, upstream);
});

test('x-weir-timeout-ms shortens the deadline, a fifth of it kept for the settlement', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(hang());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const pending = weir.post('summarize', body, { headers: { 'X-Weir-Timeout-Ms': '2000' } });
  await upstream.received();
  await weir.clock.advance(1_600);
  const reply = await pending;
  expect([reply.status, reply.body['code'], reply.body['limitMs']]).toEqual([504, 'deadline_exceeded', 1_600]);
  await expectBooksToAgree(weir, upstream);
});

test('x-weir-timeout-ms of which a fifth is no whole number is as good as any other', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('summarize', body, { headers: { 'x-weir-timeout-ms': '2001' } });
  expect([reply.status, upstream.requests.length]).toEqual([200, 1]);
});

test('x-weir-timeout-ms does not lengthen the deadline', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(hang());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const pending = weir.post('summarize', body, { headers: { 'x-weir-timeout-ms': '900000' }, remainingMs: 10_000 });
  await upstream.received();
  await weir.clock.advance(8_500);
  expect((await pending).body['limitMs']).toBe(8_500);
});

test.each(['0', '-1', '1.5', 'soon', '', '1e3', '9999999999'])(
  'x-weir-timeout-ms: "%s" is refused by name, before any spend',
  async (wish) => {
    await using upstream = await startScriptedUpstream();
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const reply = await weir.post('summarize', body, { headers: { 'x-weir-timeout-ms': wish } });
    expect([reply.status, upstream.requests.length]).toEqual([400, 0]);
    expect(reply.body['errors']).toMatchObject([{ field: 'x-weir-timeout-ms' }]);
  },
);

test('on a buffered route the time that API Gateway has already spent on a cold start counts', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(hang());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const question = { text: 'My parcel is late.', labels: ['refund', 'delivery'] };
  const pending = weir.post('classify', question, { requestTimeMs: weir.clock.nowMs() - 18_500 });
  await upstream.received();
  await weir.clock.advance(8_500);
  expect((await pending).body['limitMs']).toBe(8_500);
});

test('a backoff that would pass the deadline is not waited for', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(rateLimited({ retryAfterMs: 1_500 }));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('summarize', body, { headers: { 'x-weir-timeout-ms': '2000' } });
  expect([reply.status, reply.headers['retry-after'], upstream.requests.length]).toEqual([429, '2', 1]);
});

test.each([
  ['before it answers', hang({ billed: true })],
  ['in the middle of its answer', hang({ billed: true, afterHeaders: true })],
])('an attempt that hangs %s is cut at the endpoint’s limit for one, so that a retry fits', async (_when, step) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(step);
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const limits = { timeoutMs: 20_000, maxOutputTokens: 100, attemptTimeoutMs: 5_000 };
  const pending = serving(weir, { haiku: haiku({ limits }) }).post('haiku', { topic: 'rain' });
  await upstream.received();
  await weir.clock.advance(5_000);
  const reply = await pending;
  expect([reply.status, upstream.requests.length]).toEqual([200, 2]);
  expect(await weir.ledger()).toMatchObject([
    { attempts: [{ outcome: 'timeout', basis: 'unknown' }, { basis: 'exact' }] },
  ]);
  await expectBooksToAgree(weir, upstream, 'haiku');
  expect(weir.clock.pending).toBe(0);
});
