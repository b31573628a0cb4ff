import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { awsError, dropAnswer, dropRequest, holdRequest, pass, type Fault } from '#test/support/fault-proxy.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { cacheRequests, cachesOf, environmentsOf } from '#test/support/stampede.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const RAIN = { topic: 'rain' };
const POLL_MS = 500;
const LEASE_MS = 6_000;

const TAKE = { operation: 'PutItem', bodyIncludes: 'leaseUntilMs <= :nowMs' };
/** Renewals and ends. */
const AS_LEADER = { operation: 'PutItem', bodyIncludes: 'leader = :leader' };
const ANSWER = { operation: 'PutItem', bodyIncludes: '"form"' };
const LOOK = { operation: 'GetItem', bodyIncludes: '-cache"' };

const faults: readonly (readonly [string, Fault])[] = [
  ['is not reached', dropRequest],
  ['loses its answer', dropAnswer],
  ['is throttled', awsError('ProvisionedThroughputExceededException')],
  ['fails inside', awsError('InternalServerError', { status: 500 })],
];

test.each(faults)(
  'C7 a lead whose request %s: the call goes on without it, and others in its process wait',
  async (_, fault) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const [environment] = environmentsOf(weir, 1);
    weir.dynamoDb.rules.push({ ...TAKE, fault });
    const calls = Array.from({ length: 5 }, () => environment.post('haiku', RAIN));
    expect(cachesOf(await Promise.all(calls))).toEqual([...Array(4).fill('200 hit'), '200 miss']);
    expect(weir.logged('a lead could not be written; going on without it')).toHaveLength(1);
    expect([upstream.requests.length, weir.clock.pending]).toEqual([1, 0]);
    await expectBooksToAgree(weir, upstream, 'haiku');
  },
);

test('C7 a lead whose request hangs is given up: 200 from the upstream', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1, { patient: false });
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...TAKE, fault: holdRequest(gate) });
  expect(cachesOf([await environment.post('haiku', RAIN)])).toEqual(['200 miss']);
  gate.open();
});

test('C7 a read that fails asks for no lead: the table is left alone, and others in the process wait', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  weir.dynamoDb.rules.push({ ...LOOK, fault: dropRequest });
  const calls = Array.from({ length: 5 }, () => environment.post('haiku', RAIN));
  await expect.poll(() => weir.logged('the cache could not be read; going on without it').length).toBe(5);
  await gate.reached();
  gate.open();
  expect(cachesOf(await Promise.all(calls))).toEqual([...Array(4).fill('200 hit'), '200 miss']);
  expect(weir.dynamoDb.requests.filter(({ body }) => body.includes('"leading"'))).toEqual([]);
});

test('C7 the look after a refused lead fails: the call goes on without it', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2);
  const gates = [new Gate(), new Gate()] as const;
  upstream.script(answer({ gate: gates[0] }));
  weir.dynamoDb.rules.push({ ...TAKE, nth: 1, fault: holdRequest(gates[1]) });
  const afterRefusal: Fault = (exchange) =>
    exchange.request.body.includes('"ConsistentRead":true') ? dropRequest(exchange) : pass(exchange);
  weir.dynamoDb.rules.push({ ...LOOK, fault: afterRefusal });
  const late = first.post('haiku', RAIN);
  await gates[1].reached();
  const leading = second!.post('haiku', RAIN);
  await gates[0].reached();
  gates[1].open();
  expect(cachesOf([await late])).toEqual(['200 miss']);
  gates[0].open();
  expect(cachesOf([await leading])).toEqual(['200 miss']);
  await expectBooksToAgree(weir, upstream, 'haiku');
});

/** A leader that waits at the upstream, and a caller in another process who waits for it. */
async function leaderAndWaiter(weir: Weir, upstreamGate: Gate) {
  const [first, second] = environmentsOf(weir, 2);
  const leading = first.post('haiku', RAIN);
  await upstreamGate.reached();
  const waiting = second!.post('haiku', RAIN);
  await second!.reads.answered(1);
  await weir.clock.timersSet(4);
  return { leading, waiting, second: second! };
}

test('C7 a waiter’s look that fails is repeated: one hiccup of the table is no stampede', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const { leading, waiting } = await leaderAndWaiter(weir, gate);
  weir.dynamoDb.rules.push({ ...LOOK, nth: [1, 2], fault: awsError('ProvisionedThroughputExceededException') });
  for (let failed = 1; failed <= 2; failed++) {
    await weir.clock.advance(POLL_MS);
    await expect
      .poll(() => weir.logged('the cache could not be read; going on without it').length)
      .toBeGreaterThanOrEqual(failed);
    await weir.clock.timersSet(4);
  }
  gate.open();
  await leading;
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 hit']);
  expect(upstream.requests).toHaveLength(1);
});

test('C7 a table that is gone keeps a waiter no longer than the lease that it saw', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const { leading, waiting } = await leaderAndWaiter(weir, gate);
  weir.dynamoDb.rules.push({ bodyIncludes: '-cache"', fault: dropRequest });
  await weir.clock.advance(LEASE_MS - POLL_MS);
  expect(upstream.requests).toHaveLength(1);
  await expect.poll(() => weir.logged('the cache could not be read; going on without it').length).toBeGreaterThan(0);
  await weir.clock.timersSet(4);
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 miss']);
  gate.open();
  expect(cachesOf([await leading])).toEqual(['200 miss']);
  await expectBooksToAgree(weir, upstream, 'haiku');
});

test('C7 a renewal that fails is repeated before the lease runs out', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const { leading, waiting, second } = await leaderAndWaiter(weir, gate);
  weir.dynamoDb.rules.push({ ...AS_LEADER, nth: [1, 3], fault: dropRequest });
  for (let renewals = 1; renewals <= 6; renewals++) {
    await weir.clock.advance(2_000);
    await second.reads.answered(1 + renewals);
    await expect
      .poll(() => cacheRequests(weir).filter((operation) => operation === 'PutItem').length)
      .toBe(1 + renewals);
    await weir.clock.timersSet(4);
  }
  gate.open();
  await leading;
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 hit']);
  expect(upstream.requests).toHaveLength(1);
});

test('C7 a renewal that lands after the answer does not take its place', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const { leading, waiting, second } = await leaderAndWaiter(weir, gate);
  const late = new Gate();
  weir.dynamoDb.rules.push({ ...AS_LEADER, fault: holdRequest(late) });
  await weir.clock.advance(2_000);
  await late.reached();
  await weir.clock.timersSet(3); // two deadlines, the waiter's next look
  gate.open();
  await expect
    .poll(() => weir.dynamoDb.requests.filter(({ body }) => body.includes(ANSWER.bodyIncludes)))
    .toHaveLength(1);
  late.open();
  await leading;
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting, await second.post('haiku', RAIN)])).toEqual(['200 hit', '200 hit']);
  expect(upstream.requests).toHaveLength(1);
});

test.each(faults)(
  'C7 an answer that %s when it is stored: 200, and a waiter elsewhere goes on at its next look',
  async (_, fault) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const gate = new Gate();
    upstream.script(answer({ gate }));
    const { leading, waiting } = await leaderAndWaiter(weir, gate);
    weir.dynamoDb.rules.push({ ...ANSWER, nth: 1, fault });
    gate.open();
    expect(cachesOf([await leading])).toEqual(['200 miss']);
    await weir.clock.advance(POLL_MS);
    // It landed, where only its acknowledgement was lost.
    expect(cachesOf([await waiting])).toEqual([fault === dropAnswer ? '200 hit' : '200 miss']);
  },
);

test('C7 a lead that cannot be ended lapses, and a waiter takes over', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(async (exchange) => {
    await gate.pass();
    await badRequest()(exchange);
  });
  const { leading, waiting, second } = await leaderAndWaiter(weir, gate);
  weir.dynamoDb.rules.push({ ...AS_LEADER, fault: dropRequest });
  gate.open();
  expect((await leading).status).toBe(400);
  await weir.clock.advance(LEASE_MS - 1);
  await second.reads.answered(2);
  expect(upstream.requests).toHaveLength(1);
  await weir.clock.timersSet(2);
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 miss']);
  expect(weir.clock.pending).toBe(0);
});
