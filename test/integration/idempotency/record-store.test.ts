import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { fingerprintOf, type Demand } from '#idempotency/demand.ts';
import { createRecordStore } from '#idempotency/record-store.ts';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { awsError, dropAnswer, startFaultProxy } from '#test/support/fault-proxy.ts';
import { patientDynamoDb } from '#test/support/patient-dynamodb.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';

const LEASE_MS = 40_000;
const DAY_MS = 24 * 3600 * 1000;

/** A store over a table of its own, behind a proxy. */
async function startStore() {
  await using parts = new AsyncDisposableStack();
  const endpoint = await sharedDynamoDb();
  const prefix = `weir-${randomUUID()}`;
  await createTables(endpoint, prefix);
  const proxy = parts.use(await startFaultProxy({ target: endpoint }));
  const table = localTableName('jobs', prefix);
  const clock = new FakeClock();
  const store = createRecordStore({ dynamo: patientDynamoDb(proxy.endpoint), table, clock });
  const direct = patientDynamoDb(endpoint);
  const demand = (owner: string, input: unknown = 'the same'): Demand => ({
    pk: 'idempotency#one',
    fingerprint: fingerprintOf('key', 1, input),
    owner,
    leaseEndsAtMs: clock.nowMs() + LEASE_MS,
    isSealed: false,
  });
  const owned = parts.move();
  return { store, clock, proxy, direct, table, demand, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test('L7 of fifty requests at once one begins, and the others see it under way', async () => {
  await using parts = await startStore();
  const { store, demand } = parts;
  const begun = await Promise.all(Array.from({ length: 50 }, (_, at) => store.begin(demand(`call ${at}`))));
  const states = begun.map(({ state }) => state).sort();
  expect(states).toEqual(['begun', ...Array.from({ length: 49 }, () => 'under way')]);
});

test('L7 a finished record gives its reply to whoever asks the same, and none to whoever asks another thing', async () => {
  await using parts = await startStore();
  const { store, demand, proxy } = parts;
  const first = demand('first');
  await store.begin(first);
  expect(await store.finish(first, 'It holds.')).toBe('stored');
  proxy.reset();
  expect(await store.begin(demand('second'))).toEqual({ state: 'done', callId: 'first', reply: 'It holds.' });
  expect(proxy.counts).toEqual({ PutItem: 1, GetItem: 1 });
  expect(await store.begin(demand('second', 'another'))).toEqual({ state: 'mismatch' });
});

test('L7 a released record is anyone’s, also with another input', async () => {
  await using parts = await startStore();
  const { store, demand } = parts;
  const first = demand('first');
  await store.begin(first);
  await store.release(first);
  expect(await store.begin(demand('second', 'another'))).toEqual({ state: 'begun' });
  expect(await store.begin(demand('third'))).toEqual({ state: 'mismatch' });
});

test('L7 a lease that has ended is taken over by one of many, for the same input alone; the late owner changes nothing', async () => {
  await using parts = await startStore();
  const { store, demand, clock } = parts;
  const slow = demand('slow');
  await store.begin(slow);
  await clock.advance(LEASE_MS - 1);
  expect(await store.begin(demand('early'))).toEqual({ state: 'under way' });
  await clock.advance(1);
  expect(await store.begin(demand('other', 'another'))).toEqual({ state: 'mismatch' });
  const begun = await Promise.all(Array.from({ length: 20 }, (_, at) => store.begin(demand(`call ${at}`))));
  const winner = begun.findIndex(({ state }) => state === 'begun');
  expect(begun.filter(({ state }) => state === 'under way')).toHaveLength(19);

  await store.release(slow);
  expect(await store.begin(demand('next'))).toEqual({ state: 'under way' });
  expect(await store.finish(slow, 'late')).toBe('taken over');
  expect(await store.finish(demand(`call ${winner}`), 'in time')).toBe('stored');
  expect(await store.finish(slow, 'later')).toBe('taken over');
  expect(await store.begin(demand('next'))).toMatchObject({ state: 'done', reply: 'in time' });
});

test('L7 a record is kept for a day, whenever DynamoDB deletes it', async () => {
  await using parts = await startStore();
  const { store, demand, clock, direct, table } = parts;
  const first = demand('first');
  await store.begin(first);
  await store.finish(first, 'It holds.');
  await clock.advance(DAY_MS - 1);
  expect(await store.begin(demand('second'))).toMatchObject({ state: 'done' });
  await clock.advance(1);
  expect(await store.begin(demand('second', 'another'))).toEqual({ state: 'begun' });
  const item = await direct.get(table, { pk: first.pk });
  // In seconds, and in the future: what DynamoDB's TTL goes by.
  expect(item?.['expiresAt']).toBe(BigInt((clock.nowMs() + DAY_MS) / 1000));
});

test('L7 the answer of the first put is lost: its repeat meets its own record, and the request goes on', async () => {
  await using parts = await startStore();
  const { store, demand, proxy } = parts;
  proxy.rules.push({ operation: 'PutItem', nth: 1, fault: dropAnswer });
  expect(await store.begin(demand('first'))).toEqual({ state: 'begun' });
  expect(proxy.counts).toEqual({ PutItem: 2, GetItem: 1 });
  expect(await store.begin(demand('second'))).toEqual({ state: 'under way' });
});

test('L7 the answer of a finish is lost: its repeat stores the same again', async () => {
  await using parts = await startStore();
  const { store, demand, proxy } = parts;
  await store.begin(demand('first'));
  proxy.rules.push({ operation: 'PutItem', nth: 1, fault: dropAnswer });
  expect(await store.finish(demand('first'), 'It holds.')).toBe('stored');
  expect(await store.begin(demand('second'))).toMatchObject({ state: 'done', reply: 'It holds.' });
});

test('L7 a record that is freed between the refused put and the read is asked for again', async () => {
  await using parts = await startStore();
  const { store, demand, proxy } = parts;
  const first = demand('first');
  await store.begin(first);
  proxy.rules.push({
    operation: 'GetItem',
    nth: 1,
    fault: async (exchange) => {
      await store.release(first);
      exchange.reply(await exchange.forward());
    },
  });
  expect(await store.begin(demand('second'))).toEqual({ state: 'begun' });
});

test('L7 a record that another request always takes first is under way: nobody asks for ever', async () => {
  await using parts = await startStore();
  const { store, demand, proxy } = parts;
  await store.begin(demand('first'));
  await store.release(demand('first'));
  // Each put is refused though the record is free: as if one had come and gone in between.
  proxy.rules.push({ operation: 'PutItem', fault: awsError('ConditionalCheckFailedException') });
  expect(await store.begin(demand('second'))).toEqual({ state: 'under way' });
  expect(proxy.counts['PutItem']).toBe(5);
});

test('L7 a reply that does not fit leaves a marker with its size', async () => {
  await using parts = await startStore();
  const { store, demand } = parts;
  const reply = randomBytes(450_000).toString('hex');
  await store.begin(demand('first'));
  expect(await store.finish(demand('first'), reply)).toBe('too large');
  expect(await store.begin(demand('second'))).toEqual({
    state: 'done, too large',
    callId: 'first',
    replyBytes: reply.length,
  });
});

test.each([
  ['a reply that is none', { fingerprint: fingerprintOf('key', 1, 'the same'), reply: Buffer.from('none') }],
  ['neither a reply nor its size', { fingerprint: fingerprintOf('key', 1, 'the same') }],
  ['no fingerprint', {}],
])('a finished record with %s is an error, and not a reason to make the call', async (_, members) => {
  await using parts = await startStore();
  const { store, demand, direct, table, clock } = parts;
  const expiresAt = clock.nowMs() / 1000 + 60;
  await direct.put(table, { pk: 'idempotency#one', owner: 'somebody', state: 'done', expiresAt, ...members });
  await expect(store.begin(demand('second'))).rejects.toThrow();
});
