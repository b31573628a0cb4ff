import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { awsError, dropAnswer, dropRequest, holdRequest, type Fault } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { badRequest, serverError } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, refusal } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { askedOfJobs, BEGIN, CONCLUDE, JOBS, onJobs } from './jobs-table.ts';

const rain = { topic: 'rain' };
const snow = { topic: 'snow' };
const keyed = { headers: { 'Idempotency-Key': 'order-1' } };
/** Lambda's remaining time in these tests, and the margin of a lease after it. */
const LEASE_MS = 30_000 + 10_000;

/** The platform of a Weir whose held requests are not given up while a test holds them. */
const patient = (weir: Weir) => ({ ...weir.platform, dynamo: patientDynamoDb(weir.dynamoDb.endpoint) });

const textOf = (raw: string) => (JSON.parse(raw) as { haiku: string }).haiku;

test.each([
  ['a request that the upstream refuses', badRequest(), 400],
  ['an upstream that fails', serverError(), 502],
  ['a model that declines', refusal(), 422],
])('L7 %s leaves the key free: the same request may succeed, and so may another', async (_, step, status) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  upstream.otherwise(step);
  expect((await environment.post('haiku', rain, keyed)).status).toBe(status);
  expect((await environment.post('haiku', snow, keyed)).status).toBe(status);
  upstream.otherwise(answer());
  const reply = await environment.post('haiku', rain, keyed);
  expect([reply.status, reply.headers['x-weir-replayed']]).toEqual([200, undefined]);
  expect((await environment.post('haiku', rain, keyed)).headers['x-weir-replayed']).toBe('true');
  expect(await weir.ledger()).toHaveLength(3);
});

test('L7 a call that a budget refuses leaves the key free', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const poor = serving(weir, { haiku: haiku({ budget: { monthlyUsd: '0.000001' } }) });
  expect((await poor.post('haiku', rain, keyed)).status).toBe(402);
  expect((await poor.post('haiku', snow, keyed)).status).toBe(402);
  expect(upstream.requests).toHaveLength(0);
});

test('L7 a release that cannot be written: the caller hears what happened, and the key waits for its lease', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  upstream.script(badRequest());
  weir.dynamoDb.rules.push({ ...CONCLUDE, fault: dropRequest });
  const failed = await environment.post('haiku', rain, keyed);
  expect([failed.status, failed.body['code']]).toEqual([400, 'upstream_rejected']);
  expect(weir.logged('an idempotency record could not be finished; its lease stands')).toHaveLength(1);
  weir.dynamoDb.reset();
  expect((await environment.post('haiku', rain, keyed)).status).toBe(409);
  await weir.clock.advance(LEASE_MS);
  expect((await environment.post('haiku', rain, keyed)).status).toBe(200);
});

test('L7 a process that dies in the middle: 409 until its lease ends, then one repeat takes over', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  // Its time stands still for good: no timer of it will ever fire.
  const dying = serving(weir, { haiku: haiku() }, { ...weir.newEnvironment().platform, clock: new FakeClock() });
  const gate = new Gate();
  upstream.script(answer({ gate, text: 'from the one that died' }), answer({ text: 'from the one that took over' }));
  const lost = dying.post('haiku', rain, keyed);
  await upstream.received(1);

  const environment = serving(weir, { haiku: haiku() });
  await weir.clock.advance(LEASE_MS - 1);
  expect((await environment.post('haiku', rain, keyed)).status).toBe(409);
  await weir.clock.advance(1);
  expect((await environment.post('haiku', snow, keyed)).body['code']).toBe('idempotency_mismatch');
  const reply = await environment.post('haiku', rain, keyed);
  expect([reply.status, textOf(reply.raw)]).toEqual([200, 'from the one that took over']);

  // It was only slow, and comes back: what it made is in the ledger, and the key's reply is the other one still.
  gate.open();
  expect(textOf((await lost).raw)).toBe('from the one that died');
  expect(weir.logged('a call was slower than its lease; its reply was not kept')).toHaveLength(1);
  const again = await environment.post('haiku', rain, keyed);
  expect([again.raw, again.headers['x-weir-replayed']]).toEqual([reply.raw, 'true']);
  expect([upstream.requests.length, (await weir.ledger()).length]).toEqual([2, 2]);
});

test('L7 a slow process that fails late does not free the key that another has taken over', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const slow = serving(weir, { haiku: haiku() }, { ...weir.newEnvironment().platform, clock: new FakeClock() });
  const gate = new Gate();
  upstream.script(answer({ gate, refusal: 'No.' }));
  const late = slow.post('haiku', rain, keyed);
  await upstream.received(1);
  await weir.clock.advance(LEASE_MS);
  const environment = serving(weir, { haiku: haiku() });
  await environment.post('haiku', rain, keyed);
  gate.open();
  expect((await late).status).toBe(422);
  expect((await environment.post('haiku', rain, keyed)).headers['x-weir-replayed']).toBe('true');
});

test.each<readonly [string, Fault]>([
  ['cannot be reached', dropRequest],
  ['is not there', awsError('ResourceNotFoundException')],
  ['throttles', awsError('ProvisionedThroughputExceededException')],
  ['fails', awsError('InternalServerError', { status: 500 })],
])('L7 the jobs table %s: 503, nothing is sent, held or recorded, and calls without a key go on', async (_, fault) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  weir.dynamoDb.rules.push(onJobs(fault));
  const reply = await environment.post('haiku', rain, keyed);
  expect([reply.status, reply.body['code']]).toEqual([503, 'idempotency_unavailable']);
  expect([upstream.requests.length, await weir.ledger()]).toEqual([0, []]);
  expect(weir.dynamoDb.requests).toEqual(askedOfJobs(weir));
  expect(weir.logged('an idempotency record could not be read or written')).toMatchObject([
    { level: 'ERROR', alarm: 'idempotency-unavailable', endpoint: 'haiku', caller: 'ada' },
  ]);
  expect((await environment.post('haiku', rain)).status).toBe(200);
});

test('L7 a record that stands and cannot be read: 503, for it may say that the call was made', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  await environment.post('haiku', rain, keyed);
  weir.dynamoDb.rules.push({ ...JOBS, operation: 'GetItem', fault: dropRequest });
  const unread = await environment.post('haiku', rain, keyed);
  expect([unread.status, unread.body['code'], upstream.requests.length]).toEqual([503, 'idempotency_unavailable', 1]);
  weir.dynamoDb.reset();
  // The reply that was kept is not lost by it.
  expect((await environment.post('haiku', rain, keyed)).headers['x-weir-replayed']).toBe('true');
});

test('L7 no answer tells whether the record was written: 503, and the repeat need not wait for a lease', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  weir.dynamoDb.rules.push({ ...BEGIN, fault: dropAnswer }, { ...JOBS, operation: 'GetItem', fault: dropRequest });
  expect((await environment.post('haiku', rain, keyed)).status).toBe(503);
  weir.dynamoDb.reset();
  const reply = await environment.post('haiku', rain, keyed);
  expect([reply.status, reply.headers['x-weir-replayed'], upstream.requests.length]).toEqual([200, undefined, 1]);
});

test('L7 a jobs table that never answers: 504 at the deadline, nothing is sent, and what begins too late is let go', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() }, patient(weir));
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...BEGIN, nth: 1, fault: holdRequest(gate) });
  const headers = { ...keyed.headers, 'x-weir-timeout-ms': '5000' };
  const calling = environment.post('haiku', rain, { headers });
  await gate.reached();
  await weir.clock.advance(4_000);
  const reply = await calling;
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([504, 'deadline_exceeded', 0]);
  gate.open();
  await expect
    .poll(() => weir.dynamoDb.requests.filter(({ body }) => body.includes(CONCLUDE.bodyIncludes)).length)
    .toBe(1);
  await expect.poll(async () => (await environment.post('haiku', rain, keyed)).status).toBe(200);
});

test('L7 the reply was paid for and cannot be kept: the caller gets it, a repeat waits for the lease, the log warns', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  weir.dynamoDb.rules.push({ ...CONCLUDE, fault: dropRequest });
  const reply = await environment.post('haiku', rain, keyed);
  expect([reply.status, reply.headers['x-weir-attempts']]).toEqual([200, '1']);
  expect(weir.logged('an idempotency record could not be finished; its lease stands')).toMatchObject([
    { level: 'WARN', callId: reply.headers['x-weir-call-id'], endpoint: 'haiku' },
  ]);
  weir.dynamoDb.reset();
  await weir.clock.advance(LEASE_MS - 1);
  expect((await environment.post('haiku', rain, keyed)).status).toBe(409);
  expect(upstream.requests).toHaveLength(1);
  await expectBooksToAgree(weir, upstream, 'haiku');
});

test('L7 keeping the reply hangs: it is sent all the same, in time', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...CONCLUDE, nth: 1, fault: holdRequest(gate) });
  const calling = serving(weir, { haiku: haiku() }, patient(weir)).post('haiku', rain, {
    ...keyed,
    remainingMs: 10_000,
  });
  await gate.reached();
  // A third of the settlement reserve is left for the way home.
  await weir.clock.advance(9_500);
  expect((await calling).status).toBe(200);
  expect(weir.logged('an idempotency record was not finished in time for the reply')).toHaveLength(1);
  gate.open();
  const again = () => serving(weir, { haiku: haiku() }).post('haiku', rain, keyed);
  await expect.poll(async () => (await again()).headers['x-weir-replayed']).toBe('true');
});

test('L7 the money is settled before the reply is kept, and the reply kept before it is sent', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...CONCLUDE, fault: holdRequest(gate) });
  let isSent = false;
  const calling = serving(weir, { haiku: haiku() }, patient(weir))
    .post('haiku', rain, keyed)
    .then((reply) => ((isSent = true), reply));
  await gate.reached();
  await expectBooksToAgree(weir, upstream, 'haiku');
  expect(isSent).toBe(false);
  gate.open();
  expect((await calling).status).toBe(200);
});

test('L7 a reply too large to be kept is given once; a repeat hears so, with the call’s id, and is not charged again', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const body = { texts: Array.from({ length: 100 }, (_, at) => `Weir number ${at}.`) };
  const first = await weir.post('embed', body, keyed);
  expect(first.status).toBe(200);
  expect(weir.logged('a reply is too large to be kept for repeats')).toHaveLength(1);
  const again = await weir.post('embed', body, keyed);
  expect([again.status, again.headers['x-should-retry'], again.body]).toMatchObject([
    422,
    'false',
    { code: 'idempotency_reply_too_large', callId: first.headers['x-weir-call-id'], replyBytes: expect.any(Number) },
  ]);
  expect(again.body['replyBytes']).toBeGreaterThan(first.raw.length);
  const other = await weir.post('embed', { texts: ['Another.'] }, keyed);
  expect(other.body['code']).toBe('idempotency_mismatch');
  expect([upstream.requests.length, (await weir.ledger()).length]).toEqual([1, 1]);
});
