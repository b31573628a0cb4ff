import { expect, test } from 'vitest';
import type { Platform } from '#platform/platform.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { dropRequest } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { serverError } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { WeirEnvironment } from '#test/support/weir-environment.ts';
import { startWeir } from '#test/support/weir.ts';
import { deliver } from './deliver.ts';
import { CONCLUDE, onJobs } from './jobs-table.ts';

const LAST_RECEIVE = 3;
const LEASE_MS = 30_000 + 10_000;
/** Where the results of an endpoint without a queue of its own go. */
const replyTo = 'summarize-results';
const messageOf = (id: string, topic = 'rain') => ({ id, input: { topic }, replyTo });

/** A platform that knows the queue of its messages, and writes down when one of them shall be seen again. */
function withQueue(platform: Platform): { readonly platform: Platform; readonly hurried: readonly number[] } {
  const hurried: number[] = [];
  const config = { ...platform.config, queue: { ...platform.config.queue, url: 'http://127.0.0.1:9/work' } };
  const showAgainIn = async (_url: string, _handle: string, seconds: number) => void hurried.push(seconds);
  return { platform: { ...platform, config, sqs: { ...platform.sqs, showAgainIn } }, hurried };
}

test('P5 the same message twice, its acknowledgement lost: the result twice, one question, one entry', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const delivery = { messageId: 'sqs-1', message: messageOf('line-1') };
  expect(await deliver(environment, 'haiku', delivery)).toEqual([]);
  const [first] = await weir.queues.results('summarize');
  const [entry] = await weir.ledger();
  expect(first).toMatchObject({ id: 'line-1', endpoint: 'haiku', ok: true, callId: entry?.callId });

  const other = serving(weir, { haiku: haiku() }, weir.newEnvironment().platform);
  expect(await deliver(other, 'haiku', { ...delivery, receives: 2 })).toEqual([]);
  expect(await weir.queues.results('summarize')).toEqual([first]);
  expect([upstream.requests.length, (await weir.ledger()).length]).toEqual([1, 1]);
  await expectBooksToAgree(weir, upstream, 'haiku');
});

test('P5 a result that could not be sent is sent when the message comes again, and not paid for again', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { platform } = weir;
  const unreachable = { ...platform.config.queue.resultUrls, 'summarize-results': 'http://127.0.0.1:9/nowhere' };
  const config = { ...platform.config, queue: { ...platform.config.queue, resultUrls: unreachable } };
  const delivery = { messageId: 'sqs-1', message: messageOf('line-1') };
  const cutOff = serving(weir, { haiku: haiku() }, { ...platform, config });
  expect(await deliver(cutOff, 'haiku', delivery)).toEqual(['sqs-1']);
  expect(await deliver(serving(weir, { haiku: haiku() }), 'haiku', { ...delivery, receives: 2 })).toEqual([]);
  expect(await weir.queues.results('summarize')).toMatchObject([{ id: 'line-1', ok: true }]);
  expect(upstream.requests).toHaveLength(1);
});

test('P5 two messages that are equal but for their ids are two calls', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const message = messageOf('line-1');
  await deliver(environment, 'haiku', { messageId: 'sqs-1', message }, { messageId: 'sqs-2', message });
  expect([upstream.requests.length, (await weir.queues.results('summarize')).length]).toEqual([2, 2]);
});

test('P5 messages with one idempotencyKey are one call: each gets the result under its own id', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const idempotencyKey = 'order-1';
  await deliver(environment, 'haiku', { messageId: 'sqs-1', message: { ...messageOf('line-1'), idempotencyKey } });
  const toOthers = { ...messageOf('line-2'), idempotencyKey, replyTo: 'classify-results' };
  await deliver(environment, 'haiku', { messageId: 'sqs-2', message: toOthers });
  const [first] = await weir.queues.results('summarize');
  expect(await weir.queues.results('classify')).toEqual([{ ...first, id: 'line-2' }]);
  expect([upstream.requests.length, (await weir.ledger()).length]).toEqual([1, 1]);
});

test('P5 an idempotencyKey that stands for another input: seen again at once, then buried with the reason', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { platform, hurried } = withQueue(weir.platform);
  const environment = serving(weir, { haiku: haiku() }, platform);
  const idempotencyKey = 'order-1';
  await deliver(environment, 'haiku', { messageId: 'sqs-1', message: { ...messageOf('line-1'), idempotencyKey } });
  expect(hurried).toEqual([]);
  const other = { messageId: 'sqs-2', message: { ...messageOf('line-2', 'snow'), idempotencyKey } };
  expect(await deliver(environment, 'haiku', other)).toEqual(['sqs-2']);
  expect(hurried).toEqual([0]);
  expect(await deliver(environment, 'haiku', { ...other, receives: LAST_RECEIVE })).toEqual([]);
  expect(await weir.queues.deadLetters()).toMatchObject([{ reason: { code: 'idempotency_mismatch' } }]);
  expect(await weir.queues.results('summarize')).toMatchObject([
    { id: 'line-1', ok: true },
    { id: 'line-2', ok: false, code: 'idempotency_mismatch' },
  ]);
  expect(upstream.requests).toHaveLength(1);
});

test('P5 a key of the sender’s is never taken for a message’s id, nor for a key over HTTP', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  await deliver(environment, 'haiku', { messageId: 'one', message: messageOf('line-1') });
  await deliver(environment, 'haiku', { messageId: 'two', message: { ...messageOf('line-2'), idempotencyKey: 'one' } });
  const headers = { 'Idempotency-Key': 'one' };
  await environment.post('haiku', { topic: 'rain' }, { headers, caller: 'queue:haiku' });
  expect(upstream.requests).toHaveLength(3);
});

test('P5 another environment works on it: the message comes again, and is not buried even at its last receive', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const delivery = { messageId: 'sqs-1', message: messageOf('line-1') };
  const working = deliver(serving(weir, { haiku: haiku() }), 'haiku', delivery);
  await upstream.received(1);
  const other = serving(weir, { haiku: haiku() }, weir.newEnvironment().platform);
  for (const receives of [2, LAST_RECEIVE]) {
    expect(await deliver(other, 'haiku', { ...delivery, receives })).toEqual(['sqs-1']);
  }
  expect([await weir.queues.deadLetters(), await weir.queues.results('summarize')]).toEqual([[], []]);
  expect(weir.logged('a message failed')).toEqual([]);
  gate.open();
  expect(await working).toEqual([]);
  expect(await deliver(other, 'haiku', { ...delivery, receives: LAST_RECEIVE + 1 })).toEqual([]);
  const results = await weir.queues.results('summarize');
  expect(results).toHaveLength(2);
  expect(results[0]).toEqual(results[1]);
  expect(upstream.requests).toHaveLength(1);
});

test('P5 the environment died over a message: when it comes again after its visibility, it is done', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const dying = serving(weir, { haiku: haiku() }, { ...weir.newEnvironment().platform, clock: new FakeClock() });
  const delivery = { messageId: 'sqs-1', message: messageOf('line-1') };
  const lost = deliver(dying, 'haiku', delivery);
  await upstream.received(1);
  await weir.clock.advance(LEASE_MS);
  // An endpoint that was deployed anew in between changes nothing: it is the same message.
  const environment = serving(weir, { haiku: haiku({ version: 2 }) });
  expect(await deliver(environment, 'haiku', { ...delivery, receives: 2 })).toEqual([]);
  expect(await weir.queues.results('summarize')).toMatchObject([{ id: 'line-1', ok: true }]);
  gate.open();
  await lost;
});

test('P5 a message that fails is tried anew at each receive, until it is done', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const delivery = { messageId: 'sqs-1', message: messageOf('line-1') };
  upstream.otherwise(serverError());
  expect(await deliver(environment, 'haiku', delivery)).toEqual(['sqs-1']);
  upstream.otherwise(answer());
  expect(await deliver(environment, 'haiku', { ...delivery, receives: 2 })).toEqual([]);
  expect(await weir.queues.results('summarize')).toMatchObject([{ id: 'line-1', ok: true }]);
});

test('P5 the jobs table is gone: the messages come again, and nothing is sent', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  weir.dynamoDb.rules.push(onJobs(dropRequest));
  const delivery = { messageId: 'sqs-1', message: messageOf('line-1') };
  expect(await deliver(serving(weir, { haiku: haiku() }), 'haiku', delivery)).toEqual(['sqs-1']);
  expect([upstream.requests.length, await weir.ledger()]).toEqual([0, []]);
});

test('P5 a result that could not be kept is sent all the same', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  weir.dynamoDb.rules.push({ ...CONCLUDE, fault: dropRequest });
  const delivery = { messageId: 'sqs-1', message: messageOf('line-1') };
  expect(await deliver(serving(weir, { haiku: haiku() }), 'haiku', delivery)).toEqual([]);
  expect(await weir.queues.results('summarize')).toMatchObject([{ id: 'line-1', ok: true }]);
});

test('P5 a result too large to be kept: its message, come again, is not asked again but buried, and its sender told', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const texts = Array.from({ length: 30 }, (_, at) => `Weir number ${at}.`);
  const delivery = { messageId: 'sqs-1', message: { id: 'line-1', input: { texts } } };
  const { platform, hurried } = withQueue(weir.platform);
  const environment = new WeirEnvironment(weir.entries, platform);
  await deliver(environment, 'embed', delivery);
  expect(await weir.queues.results('embed')).toMatchObject([{ id: 'line-1', ok: true }]);
  expect(await deliver(environment, 'embed', { ...delivery, receives: 2 })).toEqual(['sqs-1']);
  expect(hurried).toEqual([0]);
  expect(await deliver(environment, 'embed', { ...delivery, receives: LAST_RECEIVE })).toEqual([]);
  const code = 'idempotency_reply_too_large';
  expect(await weir.queues.deadLetters()).toMatchObject([{ reason: { code } }]);
  expect(await weir.queues.results('embed')).toMatchObject([{ id: 'line-1', ok: false, code }]);
  expect([upstream.requests.length, (await weir.ledger()).length]).toEqual([1, 1]);
});

test.each([
  ['empty', '', `''`],
  ['too long', 'k'.repeat(256), `'${'k'.repeat(40)}…'`],
  ['with a space', 'order 1', `'order 1'`],
])('an idempotencyKey that is %s is refused like any other field', async (_, idempotencyKey, shown) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const message = { ...messageOf('line-1'), idempotencyKey };
  const environment = serving(weir, { haiku: haiku() });
  await deliver(environment, 'haiku', { messageId: 'sqs-1', message, receives: LAST_RECEIVE });
  const detail = `idempotencyKey must be 1 to 255 visible ASCII characters, but ${shown} was provided`;
  expect(await weir.queues.deadLetters()).toMatchObject([{ reason: { code: 'invalid_request', detail } }]);
  expect(upstream.requests).toHaveLength(0);
});

test('D1 an idempotencyKey that is a secret stands in no log line, no reason and no table', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const secret = testKey('leaked');
  const message = (id: string, topic: string) => ({ ...messageOf(id, topic), idempotencyKey: secret });
  await deliver(environment, 'haiku', { messageId: 'sqs-1', message: message('line-1', 'rain') });
  await deliver(environment, 'haiku', {
    messageId: 'sqs-2',
    message: message('line-2', 'snow'),
    receives: LAST_RECEIVE,
  });
  const reasons = (await weir.queues.deadLetters()).map(({ reason }) => JSON.stringify(reason));
  const results = (await weir.queues.results('summarize')).map((result) => JSON.stringify(result));
  const seen = [...weir.lines, ...reasons, ...results, ...weir.dynamoDb.requests.map(({ body }) => body)];
  expect([reasons.length, results.length]).toEqual([1, 2]);
  expect(seen.join('\n')).not.toContain(secret.slice(0, secret.length / 2));
});
