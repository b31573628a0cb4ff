import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashCallerKey } from '#edge/caller-key.ts';
import { looksLikeCallerKey } from '#edge/callers/key-form.ts';
import { localTableNames } from '#infra/local/create-tables.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { faultsAgainst, type OpenApi } from '#test/support/openapi-faults.ts';

let gateway: LocalGateway;
let openapi: OpenApi;
beforeAll(async () => {
  gateway = await startLocalGateway();
  openapi = (await gateway.send({ method: 'GET', path: '/openapi.json', key: null })).json as unknown as OpenApi;
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Every key that a reply ever showed: none may be found anywhere else. */
const shownKeys: string[] = [];

const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^\/v1\/callers\/[^/]+\/keys\/[^/]+$/, '/v1/callers/{id}/keys/{keyId}'],
  [/^\/v1\/callers\/[^/]+\/keys$/, '/v1/callers/{id}/keys'],
  [/^\/v1\/callers\/[^/]+$/, '/v1/callers/{id}'],
  [/^\/v1\/callers$/, '/v1/callers'],
];

/** Asks as an administrator; every reply must be one that the OpenAPI document tells of. */
async function ask(method: string, path: string, body?: unknown) {
  const reply = await gateway.send({ method, path, body, key: gateway.weir.keys.administrator });
  const [, route = path.replace(/\?.*/, '')] = ROUTES.find(([pattern]) => pattern.test(path)) ?? [];
  const { status, headers, json } = reply;
  const told = { method: method.toLowerCase(), path: route, status, contentType: headers['content-type'], body: json };
  expect(faultsAgainst(openapi, told)).toEqual([]);
  if (typeof json['key'] === 'string') shownKeys.push(json['key']);
  return reply;
}

interface Shown {
  readonly key: string;
  readonly keyId: string;
  readonly caller: {
    readonly id: string;
    readonly state: string;
    readonly keys: readonly { readonly keyId: string }[];
  };
}

/** Makes a caller. */
async function create(id: string, more: object = {}): Promise<Shown> {
  const reply = await ask('POST', '/v1/callers', { id, ...more });
  expect([reply.status, reply.json['detail']]).toEqual([201, undefined]);
  // From what was asked, whatever stands before it on the way.
  expect(new URL(reply.headers['location']!, 'https://a.example/prod/v1/callers').pathname).toBe(
    `/prod/v1/callers/${id}`,
  );
  return reply.json as unknown as Shown;
}

async function summarize(key: string): Promise<number> {
  return (await gateway.send({ path: '/v1/summarize', body: { text: 'A weir is a low wall.' }, key })).status;
}

async function tableTexts(): Promise<string> {
  const client = new DynamoDBClient({
    endpoint: gateway.weir.outputs.awsEndpoints!.dynamodb,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const tables = Object.values(localTableNames());
  const scans = await Promise.all(tables.map((TableName) => client.send(new ScanCommand({ TableName }))));
  client.destroy();
  expect(scans.every(({ LastEvaluatedKey }) => LastEvaluatedKey === undefined)).toBe(true);
  return JSON.stringify(scans.map(({ Items }) => Items));
}

test('A3 a caller is made with a key that works at once, and is shown to be so, without the key', async () => {
  const made = await create('shop', {
    name: 'The shop',
    owner: 'sales',
    endpoints: ['summarize'],
    policy: { models: ['gpt-6-luna'], defaultModel: 'gpt-6-luna', cacheSeconds: 60, mayStore: false, redact: 'mask' },
    budget: { monthlyUsd: '50', dailyUsd: '5.50' },
    expiresAt: '2999-01-01T00:00:00Z',
  });
  expect(looksLikeCallerKey(made.key)).toBe(true);
  expect(await summarize(made.key)).toBe(200);
  const elsewhere = await gateway.send({ path: '/v1/embed', body: { texts: ['a'], dimensions: 16 }, key: made.key });
  expect(elsewhere.status).toBe(403);

  const { status, text, json } = await ask('GET', '/v1/callers/shop');
  expect([status, json]).toEqual([200, made.caller]);
  expect(json).toMatchObject({
    id: 'shop',
    state: 'active',
    name: 'The shop',
    owner: 'sales',
    roles: ['caller'],
    endpoints: ['summarize'],
    policy: { models: ['gpt-6-luna'], cacheSeconds: 60, redact: 'mask' },
    budget: { monthlyUsd: '50', dailyUsd: '5.5' },
    expiresAt: '2999-01-01T00:00:00Z',
    createdBy: 'local-administrator',
    keys: [{ keyId: made.keyId, expiresAt: null, isOver: false }],
  });
  expect(text).not.toContain(hashCallerKey(made.key));
  const listed = await ask('GET', '/v1/callers');
  expect(listed.json['callers']).toContainEqual(made.caller);
});

test('a caller is held to its budget from its first call on', async () => {
  const { key } = await create('poor', { budget: { monthlyUsd: '0.0000000001' } });
  expect(await summarize(key)).toBe(402);
  await ask('PUT', '/v1/callers/poor', { budget: { monthlyUsd: null } });
  const after = await ask('GET', '/v1/callers/poor');
  expect(after.json['budget']).toEqual({ monthlyUsd: null, dailyUsd: null });
  const shown = await ask('GET', '/v1/callers');
  expect((shown.json['callers'] as { id: string }[]).map(({ id }) => id)).toContain('poor');
});

test('of many who make one caller at once, one does; the keys of the others open nothing', async () => {
  const replies = await Promise.all(Array.from({ length: 8 }, () => ask('POST', '/v1/callers', { id: 'contended' })));
  expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    201, 409, 409, 409, 409, 409, 409, 409,
  ]);
  for (const { status, json } of replies) if (status === 409) expect(json['code']).toBe('conflict');
  const { json } = await ask('GET', '/v1/callers/contended');
  expect(json['keys']).toHaveLength(1);
  const won = replies.find(({ status }) => status === 201)!.json as unknown as Shown;
  expect(await summarize(won.key)).toBe(200);
});

test.each(['local-caller', 'local-administrator', 'weir-eval'])(
  'the id %s is Weir’s own: nobody else gets its lines in the ledger, nor its budget',
  async (id) => {
    const { status, json } = await ask('POST', '/v1/callers', { id });
    expect([status, json['code'], json['detail']]).toEqual([
      409,
      'conflict',
      `${id} is an id of Weir’s own; choose another one`,
    ]);
    expect((await ask('GET', `/v1/callers/${id}`)).status).toBe(404);
  },
);

test('rotation with an overlap: both keys work, and the record says when the older one ends', async () => {
  const { key, keyId } = await create('rotating');
  const rotated = await ask('POST', '/v1/callers/rotating/keys', { overlapSeconds: 3_600 });
  const next = rotated.json as unknown as Shown;
  expect([rotated.status, rotated.headers['location']]).toEqual([201, `keys/${next.keyId}`]);
  expect(next.key).not.toBe(key);
  expect([await summarize(key), await summarize(next.key)]).toEqual([200, 200]);
  expect(next.caller.keys).toEqual([
    expect.objectContaining({ keyId, expiresAt: expect.any(String), lastRotatedAt: expect.any(String) }),
    expect.objectContaining({ keyId: next.keyId, expiresAt: null }),
  ]);
});

test('two rotations at once both count: two new keys, and the first one ends', async () => {
  const { key } = await create('busy');
  const rotate = () => ask('POST', '/v1/callers/busy/keys', { overlapSeconds: 0 });
  const [one, other] = await Promise.all([rotate(), rotate()]);
  expect([one.status, other.status]).toEqual([201, 201]);
  const { json } = await ask('GET', '/v1/callers/busy');
  const live = (json['keys'] as { isOver: boolean }[]).filter(({ isOver }) => !isOver);
  expect(live).toHaveLength(1);
  expect(await summarize(key)).toBe(401);
});

test.each([
  ['no id', { name: 'x' }, ['id']],
  ['an id that is a path', { id: 'a/b' }, ['id']],
  ['an unknown endpoint', { id: 'x', endpoints: ['summarize', 'summarise'] }, ['endpoints.1']],
  ['an end that lies behind', { id: 'x', expiresAt: '2020-01-01T00:00:00Z' }, ['expiresAt']],
  ['an end in words', { id: 'x', expiresAt: 'soon' }, ['expiresAt']],
  ['a role of nobody', { id: 'x', roles: ['root'] }, ['roles.0']],
  [
    'an amount in words',
    { id: 'x', budget: { monthlyUsd: 'much', weeklyUsd: '1' } },
    ['budget.monthlyUsd', 'budget.weeklyUsd'],
  ],
  [
    'a policy with a field of nobody',
    { id: 'x', policy: { cacheSeconds: 0, model: 'a' } },
    ['policy.cacheSeconds', 'policy.model'],
  ],
  ['a key of one’s own', { id: 'x', key: 'secret' }, ['key']],
])('%s is a 400 that names each field, and makes nothing', async (_what, body, fields) => {
  const { status, json } = await ask('POST', '/v1/callers', body);
  expect([status, (json['errors'] as { field: string }[]).map(({ field }) => field).toSorted()]).toEqual([400, fields]);
  expect((await ask('GET', '/v1/callers/x')).status).toBe(404);
});

test('what is not there is a 404, and what is over for good a 409', async () => {
  expect((await ask('GET', '/v1/callers/nobody')).status).toBe(404);
  expect((await ask('PUT', '/v1/callers/nobody', { disabled: true })).status).toBe(404);
  expect((await ask('DELETE', '/v1/callers/nobody')).status).toBe(404);
  expect((await ask('POST', '/v1/callers/nobody/keys', {})).status).toBe(404);
  await create('leaving');
  expect((await ask('DELETE', '/v1/callers/leaving/keys/key_0')).status).toBe(404);
  for (let times = 0; times < 2; times++) {
    const revoked = await ask('DELETE', '/v1/callers/leaving');
    expect([revoked.status, revoked.json]).toMatchObject([200, { state: 'revoked', keys: [] }]);
  }
  expect((await ask('PUT', '/v1/callers/leaving', { disabled: false })).status).toBe(409);
  expect((await ask('POST', '/v1/callers/leaving/keys', {})).status).toBe(409);
  expect((await ask('POST', '/v1/callers', { id: 'leaving' })).status).toBe(409);
});

test('roles: nobody but an administrator manages callers or reads the trail', async () => {
  const asked = [
    ['POST', '/v1/callers', { id: 'mine', roles: ['administrator'] }],
    ['GET', '/v1/callers', undefined],
    ['GET', '/v1/callers/shop', undefined],
    ['PUT', '/v1/callers/shop', { disabled: true }],
    ['POST', '/v1/callers/shop/keys', {}],
    ['DELETE', '/v1/callers/shop', undefined],
    ['DELETE', '/v1/callers/shop/keys/key_0', undefined],
    ['GET', '/v1/audit', undefined],
  ] as const;
  const finance = await gateway.register({ id: 'fin', roles: ['finance', 'caller'], endpoints: ['*'] });
  for (const [method, path, body] of asked) {
    const statuses = [];
    for (const key of [gateway.weir.keys.caller, finance, null]) {
      statuses.push((await gateway.send({ method, path, body, key })).status);
    }
    expect([method, path, ...statuses]).toEqual([method, path, 403, 403, 401]);
  }
});

test('a role that is given is what the key may do', async () => {
  const { key } = await create('second-admin', { roles: ['administrator'], endpoints: [] });
  expect((await gateway.send({ method: 'GET', path: '/v1/callers', key })).status).toBe(200);
  expect(await summarize(key)).toBe(403);
});

test('the trail tells who did what, in order, with what became of it', async () => {
  await create('traced', { budget: { dailyUsd: '1' } });
  await ask('POST', '/v1/callers', { id: 'traced' });
  await ask('PUT', '/v1/callers/traced', { disabled: true, owner: 'legal' });
  const { json: rotated } = await ask('POST', '/v1/callers/traced/keys', { overlapSeconds: 60 });
  await ask('DELETE', `/v1/callers/traced/keys/${rotated['keyId'] as string}`);
  await ask('DELETE', '/v1/callers/traced');
  await gateway.send({
    method: 'PUT',
    path: '/v1/budgets/caller:traced',
    body: { window: 'month', limitUsd: '7' },
    key: gateway.weir.keys.administrator,
  });
  const { status, json } = await ask('GET', '/v1/audit?from=2020-01-01');
  expect([status, json['code']]).toEqual([400, 'invalid_request']);
  const entries = (await ask('GET', '/v1/audit')).json['entries'] as Record<string, unknown>[];
  const own = entries.filter(({ subject }) => subject === 'caller:traced');
  expect(own.map(({ action, details }) => ({ action, details }))).toEqual([
    { action: 'caller.create', details: expect.objectContaining({ id: 'traced', budget: { dailyUsd: '1' } }) },
    { action: 'caller.change', details: { disabled: true, owner: 'legal' } },
    { action: 'caller.rotate', details: { overlapSeconds: 60, keyId: rotated['keyId'] } },
    { action: 'key.revoke', details: { keyId: rotated['keyId'] } },
    { action: 'caller.revoke', details: {} },
    { action: 'budget.set', details: { window: 'month', limitUsd: '7' } },
  ]);
  for (const entry of own) expect(entry).toMatchObject({ by: 'local-administrator', outcome: 'done' });
  for (const { at, requestId } of own) expect([typeof at, typeof requestId]).toEqual(['string', 'string']);
});

test('A3 A6 no key is in any table, log line or later reply, nor is a hash in a reply or a log line', async () => {
  expect(shownKeys.length).toBeGreaterThan(8);
  const replies = [
    await ask('GET', '/v1/callers'),
    await ask('GET', '/v1/callers/rotating'),
    await ask('GET', '/v1/audit'),
    await ask('POST', '/v1/callers', { id: 'rotating' }),
  ].map(({ text, headers }) => text + JSON.stringify(headers));
  const log = await readFile(gateway.weir.logFile, 'utf8').catch(() => '');
  const tables = await tableTexts();
  for (const key of shownKeys) {
    for (let at = 0; at + 16 <= key.length; at++) {
      const part = key.slice(at, at + 16);
      for (const text of [...replies, log, tables]) expect(text.includes(part)).toBe(false);
    }
    expect(tables).toContain(hashCallerKey(key));
    for (const text of [...replies, log]) expect(text).not.toContain(hashCallerKey(key));
  }
});
