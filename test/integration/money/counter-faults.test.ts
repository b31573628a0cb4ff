import { expect, test } from 'vitest';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { awsError, dropAnswer, dropRequest, pass, type Fault, type FaultRule } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { serverError } from '#test/support/scripted-failures.ts';
import { resetAfterBilling } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** Parts of the update expressions by which the proxy tells the counter's requests apart. */
const RESERVE = { operation: 'UpdateItem', bodyIncludes: 'available - :max' };
const TOP_UP = { operation: 'UpdateItem', bodyIncludes: 'available - :more' };
const SETTLE = { operation: 'UpdateItem', bodyIncludes: ':heldMinusActual' };
const READ = { operation: 'GetItem', bodyIncludes: 'endpoint:haiku#' };

const throttled = awsError('ProvisionedThroughputExceededException');

const unreachable: readonly (readonly [string, readonly FaultRule[]])[] = [
  ['every request to it is lost', [{ ...RESERVE, fault: dropRequest }]],
  ['every answer of it is lost', [{ ...RESERVE, fault: dropAnswer }]],
  ['it is throttled', [{ ...RESERVE, fault: throttled }]],
  ['it may not be written', [{ ...RESERVE, fault: awsError('AccessDeniedException') }]],
  ['it fails inside', [{ ...RESERVE, fault: awsError('InternalServerError', { status: 500 }) }]],
  ['it cannot be read', [{ operation: 'GetItem', fault: dropRequest }]],
  ['it cannot be opened', [{ operation: 'PutItem', bodyIncludes: '"available"', fault: dropRequest }]],
];

test.each(unreachable)('L4 a counter is closed when %s: 503, no upstream request, no money lost', async (_, rules) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku({ budget: { monthlyUsd: '1' } }) });
  weir.dynamoDb.rules.push(...rules);

  const reply = await environment.post('haiku', { topic: 'rain' });
  expect([reply.status, reply.body['code']]).toEqual([503, 'budget_unavailable']);
  expect(upstream.requests).toHaveLength(0);

  // Once it answers again, nothing of the failed rounds is missing.
  weir.dynamoDb.reset();
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds]).toEqual([]);
  expect(counter.spentPico).toBe(upstream.bill.totalPico);
});

test('L4 the answer of a reservation is lost: the round is released, the next has a new hold, and no money is lost', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  await environment.post('haiku', { topic: 'rain' });
  weir.dynamoDb.reset();
  weir.dynamoDb.rules.push({ ...RESERVE, nth: 1, fault: dropAnswer });

  const reply = await environment.post('haiku', { topic: 'snow' });
  expect(reply.status).toBe(200);
  expect(upstream.requests).toHaveLength(2);
  const entry = (await weir.ledger()).find(({ callId }) => callId === reply.headers['x-weir-call-id']);
  const counter = expectBalanced(await weir.budget('haiku'));
  const id = expect.stringMatching(new RegExp(`^[0-9a-z]+\\.${entry?.callId}\\.1$`)) as string;
  expect(entry?.holds).toEqual([{ part: counter.key, id, pico: entry?.costPico }]);
  expect([...counter.holds]).toEqual([]);
  expect(counter.spentPico).toBe(upstream.bill.totalPico);
});

test('L4 a reservation that lands after its round was given up stands until it expires, and the books still balance', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  await environment.post('haiku', { topic: 'rain' });
  const gate = new Gate();
  const landed = Promise.withResolvers<void>();
  const landsLate: Fault = async (exchange) => {
    exchange.cut();
    await gate.pass();
    await exchange.forward();
    landed.resolve();
  };
  weir.dynamoDb.reset();
  weir.dynamoDb.rules.push({ ...RESERVE, nth: 1, fault: landsLate });

  const reply = await environment.post('haiku', { topic: 'snow' });
  expect(reply.status).toBe(200);
  gate.open();
  await landed.promise;

  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds.keys()]).toEqual([expect.stringMatching(`\\.${reply.headers['x-weir-call-id']}\\.0$`)]);
  expect(counter.spentPico).toBe(upstream.bill.totalPico);
});

test('L4 a top-up that cannot be written: 503, and what the first attempt may have cost stays counted', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku({ budget: { monthlyUsd: '1' } }) });
  upstream.script(resetAfterBilling());
  weir.dynamoDb.rules.push({ ...TOP_UP, fault: dropRequest });

  const reply = await environment.post('haiku', { topic: 'rain' });
  expect([reply.status, reply.body['code']]).toEqual([503, 'budget_unavailable']);
  expect(upstream.requests).toHaveLength(1);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ basis: 'unknown', outcome: 'budget_unavailable', attempts: [{ outcome: 'timeout' }] });
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds]).toEqual([]);
  expect(counter.spentPico).toBe(entry?.costPico);
  expect(counter.spentPico).toBeGreaterThanOrEqual(upstream.bill.totalPico);
});

test.each([
  ['to see whether it landed', 1],
  ['to say why', 2],
])('L4 a top-up is refused and the counter cannot be read %s: 503, not a 500', async (_, lostRead) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku({ budget: { monthlyUsd: '0.00006' } }) });
  upstream.script(resetAfterBilling());
  // A read is tried three times.
  const lost = { ...READ, nth: [0, 1, 2].map((more) => lostRead + more), fault: dropRequest };
  const losesReads: Fault = async (exchange) => {
    weir.dynamoDb.rules.push(lost);
    await pass(exchange);
  };
  weir.dynamoDb.rules.push({ ...TOP_UP, fault: losesReads });

  const reply = await environment.post('haiku', { topic: 'rain' });
  expect([reply.status, reply.body['code']]).toEqual([503, 'budget_unavailable']);
  const counter = expectBalanced(await weir.budget('haiku'));
  const [entry] = await weir.ledger();
  expect([[...counter.holds], counter.spentPico]).toEqual([[], entry?.costPico]);
});

test('L4 the answer of a top-up is lost though it landed: its repeat meets its own success, and the call goes on', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  upstream.script(resetAfterBilling());
  weir.dynamoDb.rules.push({ ...TOP_UP, nth: 1, fault: dropAnswer });

  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds]).toEqual([]);
});

test('L4 a top-up landed and nobody could say so: 503, and the hold is settled at the value that it really has', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  upstream.script(resetAfterBilling());
  weir.dynamoDb.rules.push({ ...TOP_UP, fault: dropAnswer });

  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(503);
  const [entry] = await weir.ledger();
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds]).toEqual([]);
  expect(counter.spentPico).toBe(entry?.costPico);
});

test('L4 the answer of a settlement is lost: the repeat finds it done, and nothing is charged twice', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  weir.dynamoDb.rules.push({ ...SETTLE, nth: 1, fault: dropAnswer });

  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds]).toEqual([]);
  expect(counter.spentPico).toBe(upstream.bill.totalPico);
});

test('L4 a settlement that never lands: the caller has the answer, the hold stands for the sweeper, and the log says so', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  weir.dynamoDb.rules.push({ ...SETTLE, fault: dropRequest });

  const reply = await environment.post('haiku', { topic: 'rain' });
  expect(reply.status).toBe(200);
  const [entry] = await weir.ledger();
  expect(entry?.costPico).toBe(upstream.bill.totalPico);
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds.keys()]).toEqual(entry?.holds.map(({ id }) => id));
  expect(counter.spentPico).toBe(0n);
  expect(weir.logged('holds were left to the sweeper')).toMatchObject([{ callId: entry?.callId, count: 1 }]);
});

test('L4 a refused attempt is not retried past a counter that has gone away', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  upstream.script(serverError());
  weir.dynamoDb.rules.push({ ...TOP_UP, fault: dropRequest }, { ...SETTLE, nth: [1, 2, 3], fault: dropRequest });

  // The first attempt cost nothing, so its hold covers the second: no top-up is needed, and none is sent.
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  expect(weir.dynamoDb.requests.filter(({ body }) => body.includes(':more'))).toEqual([]);
  expectBalanced(await weir.budget('haiku'));
});
