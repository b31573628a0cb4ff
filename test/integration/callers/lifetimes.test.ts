import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAuthorizer } from '#infra/local/authorizer.ts';
import { awsError } from '#test/support/fault-proxy.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const AUTHORIZER = 'security/authorize-caller';
const SECOND_MS = 1_000;
const CACHE_MS = 60 * SECOND_MS;

let parts: AsyncDisposableStack;
let weir: Weir;
let authorize: ReturnType<typeof createAuthorizer>;
beforeEach(async () => {
  parts = new AsyncDisposableStack();
  const upstream = parts.use(await startScriptedUpstream());
  upstream.otherwise(plainAnswers);
  weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl }));
  const entry = weir.entries.find(({ name }) => name === AUTHORIZER)!;
  const { cacheSeconds } = entry.spec as { cacheSeconds: number };
  // As API Gateway does it: what it decided for a key it uses again for all routes, for the stated time.
  expect(cacheSeconds * SECOND_MS).toBe(CACHE_MS);
  authorize = createAuthorizer({ entry, invoke: (event) => weir.invoke(AUTHORIZER, event) }, cacheSeconds, weir.clock);
});
afterEach(() => parts.disposeAsync());

const asAdministrator = { caller: 'root', roles: ['administrator'] } as const;
const of = (id: string) => ({ ...asAdministrator, params: { id } });

interface Shown {
  readonly key: string;
  readonly keyId: string;
}

async function create(id: string, more: object = {}): Promise<Shown> {
  const { status, body } = await weir.post('security/create-caller', { id, ...more }, asAdministrator);
  expect([status, body['detail']]).toEqual([201, undefined]);
  return body as unknown as Shown;
}

const outcome = async (key: string, path = '/v1/summarize') => (await authorize(`Bearer ${key}`, 'POST', path)).outcome;

const later = (byMs: number) => new Date(weir.clock.nowMs() + byMs).toISOString();

test('a caller that expires is refused from that moment on, and within the cache’s time of it', async () => {
  const { key } = await create('guest', { expiresAt: later(100 * SECOND_MS) });
  expect(await outcome(key)).toBe('allowed');
  await weir.clock.advance(99 * SECOND_MS);
  expect(await outcome(key)).toBe('allowed');
  await weir.clock.advance(CACHE_MS);
  expect(await outcome(key)).toBe('unauthorized');
  const { body } = await weir.get('security/read-caller', {}, of('guest'));
  expect(body['state']).toBe('expired');
  // An end that is taken away opens it again.
  await weir.put('security/change-caller', { expiresAt: null }, of('guest'));
  expect(await outcome(key)).toBe('allowed');
});

test('A4 disabled, a caller is let in by a decision made before for at most 60 s, and enabled it comes in again', async () => {
  const { key } = await create('paused');
  expect(await outcome(key)).toBe('allowed');
  await weir.put('security/change-caller', { disabled: true }, of('paused'));
  expect(await outcome(key)).toBe('allowed');
  await weir.clock.advance(CACHE_MS);
  for (const path of ['/v1/summarize', '/v1/embed']) expect(await outcome(key, path)).toBe('unauthorized');
  await weir.put('security/change-caller', { disabled: false }, of('paused'));
  expect(await outcome(key)).toBe('allowed');
});

test('A4 narrowed to one endpoint, a cached decision opens the others for at most 60 s', async () => {
  const { key } = await create('narrowed');
  expect(await outcome(key, '/v1/embed')).toBe('allowed');
  await weir.put('security/change-caller', { endpoints: ['summarize'] }, of('narrowed'));
  await weir.clock.advance(CACHE_MS);
  expect([await outcome(key, '/v1/summarize'), await outcome(key, '/v1/embed')]).toEqual(['allowed', 'forbidden']);
});

test('A4 after a rotation the older key works to the end of the overlap, and then no longer than a cached decision', async () => {
  const { key, keyId } = await create('rotated');
  expect(await outcome(key)).toBe('allowed');
  const rotated = await weir.post('security/rotate-caller-key', { overlapSeconds: 300 }, of('rotated'));
  const next = rotated.body as unknown as Shown;
  expect(await outcome(next.key)).toBe('allowed');
  await weir.clock.advance(299 * SECOND_MS);
  expect([await outcome(key), await outcome(next.key)]).toEqual(['allowed', 'allowed']);
  await weir.clock.advance(CACHE_MS);
  expect([await outcome(key), await outcome(next.key)]).toEqual(['unauthorized', 'allowed']);
  // The next rotation forgets what is over.
  const again = await weir.post('security/rotate-caller-key', { overlapSeconds: 0 }, of('rotated'));
  const { keys } = again.body['caller'] as { keys: { keyId: string }[] };
  expect(keys.map((each) => each.keyId)).toEqual([next.keyId, (again.body as unknown as Shown).keyId]);
  expect(keys.map((each) => each.keyId)).not.toContain(keyId);
});

test('a key that ends before the overlap does is not made to live longer by it', async () => {
  await create('short');
  const first = await weir.post(
    'security/rotate-caller-key',
    { overlapSeconds: 0, expiresAt: later(30 * SECOND_MS) },
    of('short'),
  );
  const { key } = first.body as unknown as Shown;
  await weir.post('security/rotate-caller-key', { overlapSeconds: 3_600 }, of('short'));
  expect(await outcome(key)).toBe('allowed');
  await weir.clock.advance(CACHE_MS);
  expect(await outcome(key)).toBe('unauthorized');
});

test('A4 revoked, a key or a whole caller is out within the cache’s time; the other keys work on', async () => {
  const { key, keyId } = await create('leaver');
  const { body } = await weir.post('security/rotate-caller-key', { overlapSeconds: 3_600 }, of('leaver'));
  const next = body as unknown as Shown;
  expect([await outcome(key), await outcome(next.key)]).toEqual(['allowed', 'allowed']);
  await weir.delete('security/revoke-caller-key', { ...asAdministrator, params: { id: 'leaver', keyId } });
  await weir.clock.advance(CACHE_MS);
  expect([await outcome(key), await outcome(next.key)]).toEqual(['unauthorized', 'allowed']);
  await weir.delete('security/revoke-caller', of('leaver'));
  await weir.clock.advance(CACHE_MS);
  expect(await outcome(next.key)).toBe('unauthorized');
});

const auditPuts = (outcomes: boolean) => ({
  operation: 'PutItem',
  bodyIncludes: outcomes ? '#outcome' : '"requestId"',
});

test('where the trail cannot be written nothing is changed, and the reply says so', async () => {
  const { key } = await create('kept', { budget: { monthlyUsd: '5' } });
  weir.dynamoDb.rules.push({ ...auditPuts(false), fault: awsError('AccessDeniedException') });
  const replies = [
    await weir.post('security/create-caller', { id: 'unwritten' }, asAdministrator),
    await weir.put('security/change-caller', { disabled: true, budget: { monthlyUsd: '9' } }, of('kept')),
    await weir.post('security/rotate-caller-key', { overlapSeconds: 0 }, of('kept')),
    await weir.put(
      'finance/set-budget',
      { window: 'month', limitUsd: '9' },
      { ...asAdministrator, params: { scope: 'caller:kept' } },
    ),
  ];
  weir.dynamoDb.rules.length = 0;
  for (const { status, body } of replies) expect([status, body['code']]).toEqual([503, 'audit_unavailable']);
  expect((await weir.get('security/read-caller', {}, of('unwritten'))).status).toBe(404);
  const kept = await weir.get('security/read-caller', {}, of('kept'));
  expect(kept.body).toMatchObject({ state: 'active', budget: { monthlyUsd: '5' }, keys: [{ isOver: false }] });
  expect(await outcome(key)).toBe('allowed');
});

test('where only the outcome cannot be written the change is told as done, and the trail leaves it open', async () => {
  weir.dynamoDb.rules.push({ ...auditPuts(true), fault: awsError('AccessDeniedException') });
  const { key } = await create('half-told');
  weir.dynamoDb.rules.length = 0;
  expect(await outcome(key)).toBe('allowed');
  const { body } = await weir.get('security/read-audit', {}, asAdministrator);
  expect(body['entries']).toMatchObject([{ action: 'caller.create', subject: 'caller:half-told', outcome: 'unknown' }]);
  expect(weir.logged('the outcome of a change could not be written down')).toHaveLength(1);
});

test('a caller whose limits cannot be set gets no key: nobody comes in without the budget that was asked for', async () => {
  weir.dynamoDb.rules.push({
    operation: 'PutItem',
    bodyIncludes: 'settings#caller:unlimited',
    fault: awsError('AccessDeniedException'),
  });
  const refused = await weir.post(
    'security/create-caller',
    { id: 'unlimited', budget: { monthlyUsd: '5' } },
    asAdministrator,
  );
  weir.dynamoDb.rules.length = 0;
  expect(refused.status).toBe(500);
  const { body } = await weir.get('security/read-caller', {}, of('unlimited'));
  expect(body['keys']).toEqual([]);
  const audit = await weir.get('security/read-audit', {}, asAdministrator);
  expect(audit.body['entries']).toMatchObject([{ action: 'caller.create', outcome: 'failed' }]);
});

test('a change that comes between the reading and the writing of another is not lost', async () => {
  const { key } = await create('raced');
  weir.dynamoDb.rules.push({
    operation: 'PutItem',
    bodyIncludes: '"caller#raced"',
    nth: 1,
    fault: async (exchange) => {
      const between = await weir.put('security/change-caller', { disabled: true }, of('raced'));
      expect(between.status).toBe(200);
      exchange.reply(await exchange.forward());
    },
  });
  const rotated = await weir.post('security/rotate-caller-key', { overlapSeconds: 60 }, of('raced'));
  expect([rotated.status, rotated.body['caller']]).toMatchObject([201, { state: 'disabled', keys: [{}, {}] }]);
  for (const each of [key, rotated.body['key'] as string]) expect(await outcome(each)).toBe('unauthorized');
});

test('a record that cannot be read opens nothing', async () => {
  const { key } = await create('garbled');
  const { dynamo, config } = weir.platform;
  for (const record of ['{', '{}', '{"id":"garbled","disabled":false}']) {
    await dynamo.put(config.tables.callers, { pk: 'caller#garbled', id: 'garbled', revision: 9, record });
    expect(await outcome(key)).toBe('failed');
  }
});
