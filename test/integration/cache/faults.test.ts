import { expect, test } from 'vitest';
import { awsError, dropAnswer, dropRequest, holdRequest, type Fault } from '#test/support/fault-proxy.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const BODY = { text: 'A weir is a low wall across a river.' };
/** The end of the cache table's name, as it stands in a request. */
const CACHE_TABLE = '-cache"';

const notJson: Fault = (exchange) =>
  exchange.reply({ status: 200, rawHeaders: ['content-type', 'text/html'], body: Buffer.from('<html>') });

const faults: readonly (readonly [string, Fault])[] = [
  ['is not reached', dropRequest],
  ['loses its answer', dropAnswer],
  ['is throttled', awsError('ProvisionedThroughputExceededException')],
  ['is forbidden', awsError('AccessDeniedException')],
  ['fails inside', awsError('InternalServerError', { status: 500 })],
  ['answers something else', notJson],
];

test.each(faults)('C7 a cache read that %s: 200 from the upstream', async (_, fault) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', BODY);
  weir.dynamoDb.rules.push({ operation: 'GetItem', bodyIncludes: CACHE_TABLE, fault });
  const reply = await weir.post('summarize', BODY);
  expect([reply.status, reply.headers['x-weir-cache']]).toEqual([200, 'miss']);
  expect(upstream.requests).toHaveLength(2);
  expect(weir.logged('the cache could not be read; going on without it')).toHaveLength(1);
  // One try: waiting long for a cache defeats it.
  const reads = weir.dynamoDb.requests.filter(
    (request) => request.operation === 'GetItem' && request.body.includes(CACHE_TABLE),
  );
  expect(reads).toHaveLength(2);
});

test('C7 a cache read that hangs is given up: 200 from the upstream', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  weir.dynamoDb.rules.push({ operation: 'GetItem', bodyIncludes: CACHE_TABLE, fault: holdRequest(gate) });
  expect((await weir.post('summarize', BODY)).status).toBe(200);
  gate.open();
});

test.each(faults)('C7 a cache write that %s: 200, and the next call asks or hits', async (_, fault) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  weir.dynamoDb.rules.push({ operation: 'PutItem', bodyIncludes: CACHE_TABLE, fault });
  expect((await weir.post('summarize', BODY)).status).toBe(200);
  expect(weir.logged('the cache could not be written')).toHaveLength(1);
  expect((await weir.post('summarize', BODY)).status).toBe(200);
  // Money is settled all the same.
  const counter = await weir.budget('summarize');
  expect([counter?.holds.size, counter?.spentPico]).toEqual([0, upstream.bill.totalPico]);
});

test.each([
  ['BatchGetItem', dropRequest],
  ['BatchWriteItem', dropRequest],
  ['BatchGetItem', awsError('ThrottlingException')],
  ['BatchWriteItem', awsError('InternalServerError', { status: 500 })],
])("C7 embed's %s fails: 200, every vector in its place", async (operation, fault) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const body = { texts: ['one', 'two', 'three'], dimensions: 16 };
  const good = await weir.post('embed', body);
  weir.dynamoDb.rules.push({ operation, fault });
  const reply = await weir.post('embed', body, { headers: { 'cache-control': 'no-cache' } });
  expect([reply.status, reply.body]).toEqual([200, good.body]);
  expect((await weir.post('embed', body)).body).toEqual(good.body);
});

test('C7 what DynamoDB leaves unprocessed of a batch is found when the lead over it is refused', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const body = { texts: ['one', 'two', 'three'], dimensions: 16 };
  const first = await weir.post('embed', body);
  const leavesOneOut: Fault = async (exchange) => {
    const whole = await exchange.forward();
    const output = JSON.parse(whole.body.toString()) as { Responses: Record<string, { pk: unknown }[]> };
    const [table = ''] = Object.keys(output.Responses);
    const [left, ...rest] = output.Responses[table] ?? [];
    const unprocessed = { Responses: { [table]: rest }, UnprocessedKeys: { [table]: { Keys: [{ pk: left?.pk }] } } };
    exchange.reply({ ...whole, body: Buffer.from(JSON.stringify(unprocessed)) });
  };
  weir.dynamoDb.rules.push({ operation: 'BatchGetItem', fault: leavesOneOut });
  const second = await weir.post('embed', body);
  expect([second.status, second.body, second.headers['x-weir-cache']]).toEqual([200, first.body, 'hit']);
  expect(upstream.requests).toHaveLength(1);
});
