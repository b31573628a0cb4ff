import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashCallerKey } from '#edge/caller-key.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { gatewayRefusalOf } from '#test/support/told-refusal.ts';

let gateway: LocalGateway;
beforeAll(async () => {
  gateway = await startLocalGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const model = 'gpt-6-luna';
const bodies: Readonly<Record<string, object>> = {
  '/v1/summarize': { text: 'A weir is a low wall.' },
  '/v1/embed': { texts: ['a'], dimensions: 16 },
  '/v1/classify': { text: 'a', labels: ['x', 'y'] },
  '/v1/chat': { messages: [{ role: 'user', content: 'Hello.' }] },
  '/v1/extract': { text: 'a', schema: { type: 'string' } },
  '/v1/describe-image': { image: 'https://pictures.example.org/weir.jpg' },
  '/v1/moderate': { text: 'a' },
  '/v1/translate': { text: 'a', to: 'de' },
  '/v1/rewrite': { text: 'a' },
  '/openai/v1/chat/completions': { model, messages: [{ role: 'user', content: 'Hello.' }] },
  '/openai/v1/responses': { model, input: 'Hello.' },
  '/openai/v1/embeddings': { model: 'text-embedding-3-small', input: 'a' },
  '/openai/v1/moderations': { input: 'a' },
};

test('every endpoint is asked here', () => {
  const endpoints = routedEntries(gateway.weir.entries).filter(({ spec }) => spec.kind === 'endpoint');
  expect(Object.keys(bodies).toSorted()).toEqual(endpoints.map(pathOf).toSorted());
});

async function statusOf(path: string, key: string | null): Promise<number> {
  const body = bodies[path];
  return (await gateway.send({ method: body ? 'POST' : 'GET', path, key, ...(body && { body }) })).status;
}

test.each([
  ['no header at all', undefined],
  ['an empty one', ''],
  ['no scheme', 'garbage'],
  ['another scheme', 'Basic Zm9vOmJhcg=='],
  ['a scheme and no key', 'Bearer '],
  ['a made-up key', `Bearer weir_${'0'.repeat(48)}`],
  ['A2 an injection', "Bearer x' OR 1=1--"],
  ['two keys', 'Bearer a b'],
  ['a key of 10,000 characters', `Bearer ${'a'.repeat(9_000)}`],
  ['the hash in the place of the key', 'hash'],
])('A1 %s is a 401 on every route that is not public', async (_what, authorization) => {
  const header = authorization === 'hash' ? `Bearer ${hashCallerKey(gateway.weir.keys.caller)}` : authorization;
  for (const entry of routedEntries(gateway.weir.entries)) {
    const { method, access } = entry.spec;
    const headers = header === undefined ? {} : { authorization: header };
    const reply = await gateway.send({ method, path: pathOf(entry), key: null, headers });
    // With the name of a parameter in its place, a public route is asked for what is not there: it is asked all the same.
    if (access === 'public') expect(reply.status).toBe(pathOf(entry).includes('{') ? 404 : 200);
    else {
      expect([reply.status, reply.json['code']]).toEqual([401, 'unauthenticated']);
      expect(gatewayRefusalOf(reply).message).toBe('a valid key is required: Authorization: Bearer <key>');
    }
  }
  expect(gateway.upstream.requests).toEqual([]);
});

test('A1 of a good key not one character may differ', async () => {
  const { caller } = gateway.weir.keys;
  for (const key of [caller.slice(0, -1), `${caller}0`, caller.toUpperCase(), ` ${caller}x`]) {
    expect(await statusOf('/v1/summarize', key)).toBe(401);
  }
});

test('A3 the table holds the SHA-256 of each key, and no key', async () => {
  const key = await gateway.register({ id: 'hashed', roles: ['caller'], endpoints: ['*'] });
  const endpoint = gateway.weir.outputs.awsEndpoints!.dynamodb;
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { Items: items = [] } = await client.send(new ScanCommand({ TableName: gateway.weir.outputs.tables.callers }));
  client.destroy();
  const { caller, administrator } = gateway.weir.keys;
  const stored = JSON.stringify(items);
  for (const clear of [key, caller, administrator]) {
    expect(items.map((item) => item['pk']?.S)).toContain(hashCallerKey(clear));
    for (let at = 0; at + 16 <= clear.length; at++) expect(stored).not.toContain(clear.slice(at, at + 16));
  }
});

test('A4 a caller allowed on one endpoint gets 403 on the others, before and after a cached decision', async () => {
  for (const asksAllowedFirst of [true, false]) {
    const key = await gateway.register({ id: 'narrow', roles: ['caller'], endpoints: ['summarize'] });
    if (asksAllowedFirst) expect(await statusOf('/v1/summarize', key)).toBe(200);
    for (const path of [...Object.keys(bodies), '/v1/spend'].filter((each) => each !== '/v1/summarize'))
      expect([path, await statusOf(path, key)]).toEqual([path, 403]);
    expect(await statusOf('/v1/summarize', key)).toBe(200);
    expect(await statusOf('/v1/embed', key)).toBe(403);
  }
});

test('A4 so it is on the compatible routes: one of them opens no other, nor an endpoint of Weir’s own', async () => {
  for (const asksAllowedFirst of [true, false]) {
    const key = await gateway.register({ id: 'chatty', roles: ['caller'], endpoints: ['openai/chat-completions'] });
    const chat = '/openai/v1/chat/completions';
    if (asksAllowedFirst) expect(await statusOf(chat, key)).toBe(200);
    for (const path of Object.keys(bodies).filter((each) => each !== chat)) {
      const reply = await gateway.send({ path, key, body: bodies[path] });
      expect([path, reply.status]).toEqual([path, 403]);
      // For OpenAI's SDKs, whichever route they asked.
      expect(reply.json['error']).toMatchObject({
        message: 'this key, or who signed this, may not use this',
        code: 'forbidden',
      });
    }
    expect(await statusOf(chat, key)).toBe(200);
    expect(await statusOf('/openai/v1/responses', key)).toBe(403);
    // What lies below a route that is allowed is no route.
    expect(await statusOf(`${chat}/chatcmpl-1`, key)).toBe(404);
  }
});

test('A4 the decision of the first question is used again for the others, as API Gateway does', async () => {
  const record = { id: 'widened', roles: ['caller'], endpoints: ['summarize'] } as const;
  const key = await gateway.register(record);
  expect(await statusOf('/v1/summarize', key)).toBe(200);
  await gateway.register({ ...record, endpoints: ['embed'] }, key);
  // The table says otherwise by now; the cached policy still decides.
  expect(await statusOf('/v1/embed', key)).toBe(403);
  expect(await statusOf('/v1/summarize', key)).toBe(200);
});

test('a caller of no endpoint, and one whose endpoint is gone, may use nothing', async () => {
  for (const endpoints of [[], ['gone']]) {
    const key = await gateway.register({ id: 'nowhere', roles: ['caller'], endpoints });
    for (const path of Object.keys(bodies)) expect(await statusOf(path, key)).toBe(403);
  }
});

test('roles: a caller reads no spend, finance reads it and calls nothing, an administrator does not call either', async () => {
  const matrix = [
    { roles: ['caller'], summarize: 200, spend: 403 },
    { roles: ['finance'], summarize: 403, spend: 200 },
    { roles: ['administrator'], summarize: 403, spend: 403 },
    { roles: ['caller', 'finance'], summarize: 200, spend: 200 },
    { roles: ['nobody' as 'caller'], summarize: 403, spend: 403 },
  ] as const;
  for (const { roles, summarize, spend } of matrix) {
    const key = await gateway.register({ id: roles.join('-'), roles, endpoints: ['*'] });
    expect([roles, await statusOf('/v1/summarize', key), await statusOf('/v1/spend', key)]).toEqual([
      roles,
      summarize,
      spend,
    ]);
  }
});

test('who calls is told by the key, and by nothing that the caller can write', async () => {
  const key = await gateway.register({ id: 'ada', roles: ['caller'], endpoints: ['*'] });
  const headers = {
    'x-caller-id': 'grace',
    callerid: 'grace',
    'x-amzn-requestcontext': '{"authorizer":{"callerId":"grace"}}',
  };
  const path = '/v1/embed?callerId=grace';
  const reply = await gateway.send({ path, key, headers, body: { texts: ['who am I'], dimensions: 16 } });
  expect(reply.status).toBe(200);
  const entry = (await gateway.ledger()).find(({ callId }) => callId === reply.headers['x-weir-call-id']);
  expect([entry?.caller, entry?.callerKind]).toEqual(['ada', 'caller']);
});
