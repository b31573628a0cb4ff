import { expect, test } from 'vitest';
import { parseCacheControl } from '#cache/cache-control.ts';
import type { Call } from '#call/call.ts';
import { createIdempotentRun } from '#edge/idempotent-run.ts';
import { mintCallId } from '#platform/call-id.ts';
import { startDeadline } from '#platform/deadline.ts';
import type { Principal } from '#platform/principal.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { startLocalGateway } from '#test/support/local-gateway.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import type { TestReply } from '#test/support/weir-environment.ts';
import { startWeir } from '#test/support/weir.ts';
import { askedOfJobs } from './jobs-table.ts';

const DAY_MS = 24 * 3600 * 1000;
const rain = { topic: 'rain' };
const withKey = (key: string) => ({ headers: { 'Idempotency-Key': key } });

/** What a repeat must give again: all but what names the request itself, and what says that it is a repeat. */
function told({ status, headers, raw }: TestReply): unknown {
  const { 'x-request-id': _id, 'x-weir-replayed': _replayed, ...others } = headers;
  return { status, headers: others, raw };
}

test('L7 same key and body: the first reply again, byte for byte and header for header, paid for once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  upstream.script(answer({ text: 'Rain ❄ on "the" weir.\n' }));
  const first = await environment.post('haiku', rain, withKey('order-1'));
  expect([first.status, first.body]).toEqual([200, { haiku: 'Rain ❄ on "the" weir.\n' }]);
  expect(first.headers['x-weir-replayed']).toBeUndefined();

  await weir.clock.advance(5_000);
  weir.dynamoDb.reset();
  const again = await environment.post('haiku', rain, withKey('order-1'));
  const elsewhere = await serving(weir, { haiku: haiku() }, weir.newEnvironment().platform).post(
    'haiku',
    rain,
    withKey('order-1'),
  );
  for (const repeat of [again, elsewhere]) {
    expect(told(repeat)).toEqual(told(first));
    expect(repeat.headers['x-weir-replayed']).toBe('true');
    expect(repeat.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  }
  // No hold, no entry, no question: a refused put and a read each.
  expect(weir.dynamoDb.requests).toEqual(askedOfJobs(weir));
  expect(weir.dynamoDb.counts).toEqual({ PutItem: 2, GetItem: 2 });
  expect(upstream.requests).toHaveLength(1);
  expect((await weir.ledger()).map(({ callId }) => callId)).toEqual([first.headers['x-weir-call-id']]);
  await expectBooksToAgree(weir, upstream, 'haiku');
  expect(weir.logged('a reply was replayed')).toMatchObject([
    { requestId: again.headers['x-request-id'], callId: first.headers['x-weir-call-id'], caller: 'ada' },
    { requestId: elsewhere.headers['x-request-id'] },
  ]);
});

test('L7 a reply that came from the cache is repeated with the age that it had', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku({ deterministic: { ttlSeconds: 3_600 } }) });
  await environment.post('haiku', rain);
  await weir.clock.advance(7_000);
  const first = await environment.post('haiku', rain, withKey('order-1'));
  await weir.clock.advance(7_000);
  const again = await environment.post('haiku', rain, withKey('order-1'));
  expect(again.headers).toMatchObject({ 'x-weir-cache': 'hit', 'x-weir-cost-usd': '0', age: '7' });
  expect(told(again)).toEqual(told(first));
  expect(await weir.ledger()).toHaveLength(2);
});

test('L7 the same body in other words is the same: order, white space, a default spelt out, the header’s case', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const first = await weir.post('summarize', { text: 'A weir holds.', sentences: 2 }, withKey('order-1'));
  const rawBody = '{ "sentences": 2,\n "text": "A weir\\u0020holds." }';
  const again = await weir.post('summarize', null, { rawBody, headers: { 'idempotency-KEY': 'order-1' } });
  expect(again.headers['x-weir-replayed']).toBe('true');
  expect(told(again)).toEqual(told(first));

  await weir.post('summarize', { text: 'A weir holds.' }, withKey('order-2'));
  const spelt = await weir.post('summarize', { text: 'A weir holds.', sentences: 3 }, withKey('order-2'));
  expect(spelt.headers['x-weir-replayed']).toBe('true');
});

test('L7 same key, another body: 422 that no SDK repeats, nothing is sent, and the first reply stands', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const first = await environment.post('haiku', rain, withKey('order-1'));
  const other = await environment.post('haiku', { topic: 'snow' }, withKey('order-1'));
  expect([other.status, other.headers['x-should-retry'], other.body]).toMatchObject([
    422,
    'false',
    { code: 'idempotency_mismatch', type: 'urn:weir:problem:idempotency-mismatch' },
  ]);
  expect(other.headers['x-weir-call-id']).toBeUndefined();
  expect(upstream.requests).toHaveLength(1);
  expect(told(await environment.post('haiku', rain, withKey('order-1')))).toEqual(told(first));
});

test('L7 the endpoint’s author raised its version: the key stands for what it was then', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await serving(weir, { haiku: haiku() }).post('haiku', rain, withKey('order-1'));
  const later = await serving(weir, { haiku: haiku({ version: 2 }) }).post('haiku', rain, withKey('order-1'));
  expect([later.status, later.body['code']]).toEqual([422, 'idempotency_mismatch']);
});

test('L7 another caller, another endpoint or another key is a call of its own', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku(), senryu: haiku() });
  const replies = [
    await environment.post('haiku', rain, withKey('order-1')),
    await environment.post('haiku', rain, { ...withKey('order-1'), caller: 'grace' }),
    await environment.post('senryu', rain, withKey('order-1')),
    await environment.post('haiku', rain, withKey('order-2')),
    await environment.post('haiku', rain),
  ];
  expect(replies.map(({ status, headers }) => [status, headers['x-weir-replayed']])).toEqual(
    replies.map(() => [200, undefined]),
  );
  expect(new Set(replies.map(({ headers }) => headers['x-weir-call-id'])).size).toBe(5);
  expect([upstream.requests.length, (await weir.ledger()).length]).toEqual([5, 5]);
});

test('L7 principals of one name that were proved in different ways are two', async () => {
  await using weir = await startWeir({ baseUrl: 'http://127.0.0.1:9/v1' });
  const runOnce = createIdempotentRun(weir.platform);
  const runAs = (kind: Principal['kind']) => {
    const atMs = weir.clock.nowMs() + 1_000;
    const call: Call = {
      id: mintCallId(weir.clock.nowMs()),
      terms: {
        name: 'haiku',
        version: 1,
        budget: { limitsPico: {}, shards: 1 },
        idleTimeoutMs: 60_000,
        redact: 'off',
        redactsOutput: false,
      },
      principal: { id: 'ada', kind, roles: ['caller'] },
      requestId: 'request',
      deadline: startDeadline(weir.clock, atMs),
      replyByMs: atMs,
      killAtMs: atMs,
      cacheWish: parseCacheControl(undefined),
    };
    return runOnce(call, { key: 'order-1', input: rain }, async () => kind);
  };
  const given = [await runAs('caller'), await runAs('iam'), await runAs('caller'), await runAs('iam')];
  expect(given.map(({ reply, isReplay }) => `${reply} ${isReplay}`)).toEqual([
    'caller false',
    'iam false',
    'caller true',
    'iam true',
  ]);
});

test('L7 of twenty at once, in two environments, one is answered and the others hear to come again; one charge', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const environments = [
    serving(weir, { haiku: haiku() }),
    serving(weir, { haiku: haiku() }, weir.newEnvironment().platform),
  ];
  const conflicts: TestReply[] = [];
  const calls = Array.from({ length: 20 }, async (_, at) => {
    const reply = await environments[at % 2]!.post('haiku', rain, withKey('order-1'));
    if (reply.status !== 200) conflicts.push(reply);
    return reply;
  });
  await expect.poll(() => conflicts.length, { timeout: 10_000 }).toBe(19);
  gate.open();
  const first = (await Promise.all(calls)).find(({ status }) => status === 200) as TestReply;
  for (const { status, headers, body } of conflicts) {
    expect([status, headers['retry-after'], body['code']]).toEqual([409, '1', 'idempotency_conflict']);
    expect(headers['x-should-retry']).toBeUndefined();
  }
  expect(told(await environments[1]!.post('haiku', rain, withKey('order-1')))).toEqual(told(first));
  expect([upstream.requests.length, (await weir.ledger()).length]).toEqual([1, 1]);
  await expectBooksToAgree(weir, upstream, 'haiku');
});

test('L7 after 24 hours the key is free again, whether DynamoDB has deleted the record or not', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  await environment.post('haiku', rain, withKey('order-1'));
  await weir.clock.advance(DAY_MS - 1);
  expect((await environment.post('haiku', rain, withKey('order-1'))).headers['x-weir-replayed']).toBe('true');
  await weir.clock.advance(1);
  const anew = await environment.post('haiku', { topic: 'snow' }, withKey('order-1'));
  expect([anew.status, anew.headers['x-weir-replayed'], upstream.requests.length]).toEqual([200, undefined, 2]);
});

test('an idempotent call makes two DynamoDB requests more; one without a key none', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  await environment.post('haiku', rain);
  weir.dynamoDb.reset();
  await environment.post('haiku', { topic: 'snow' });
  const plain = weir.dynamoDb.requests.length;
  expect(askedOfJobs(weir)).toEqual([]);
  weir.dynamoDb.reset();
  await environment.post('haiku', { topic: 'hail' }, withKey('order-1'));
  expect(weir.dynamoDb.requests).toHaveLength(plain + 2);
  expect(askedOfJobs(weir).map(({ operation }) => operation)).toEqual(['PutItem', 'PutItem']);
});

test('D1 a key that is a secret stands in no log line, no problem and no table', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  const secret = testKey('leaked');
  const half = secret.slice(0, secret.length / 2);
  await environment.post('haiku', rain, withKey(secret));
  const replies = [
    await environment.post('haiku', rain, withKey(secret)),
    await environment.post('haiku', { topic: 'snow' }, withKey(secret)),
    await environment.post('haiku', rain, withKey(`${secret} `)),
  ];
  expect(replies.map(({ status }) => status)).toEqual([200, 422, 400]);
  const seen = [...weir.lines, ...replies.map(({ raw }) => raw), ...weir.dynamoDb.requests.map(({ body }) => body)];
  expect(seen.join('\n')).not.toContain(half);
});

test('L7 through the local gateway: a repeated request is answered by its first reply', async () => {
  await using gateway = await startLocalGateway();
  const request = { path: '/v1/summarize', body: { text: 'A weir holds.' }, headers: { 'IDEMPOTENCY-KEY': 'order-1' } };
  const first = await gateway.send(request);
  const again = await gateway.send(request);
  expect([first.status, again.status, again.text]).toEqual([200, 200, first.text]);
  expect([first.headers['x-weir-replayed'], again.headers['x-weir-replayed']]).toEqual([undefined, 'true']);
  expect(again.headers['x-weir-call-id']).toBe(first.headers['x-weir-call-id']);
  expect([gateway.upstream.requests.length, (await gateway.ledger()).length]).toEqual([1, 1]);
});
