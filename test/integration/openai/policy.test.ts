import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hashCallerKey } from '#edge/caller-key.ts';
import type { CallerPolicy } from '#platform/principal.ts';
import { startLocalGateway, type GatewayReply, type LocalGateway } from '#test/support/local-gateway.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

/** A caller's policy, from its record in the table through authorizer and gateway to the four routes. */
let gateway: LocalGateway;
beforeAll(async () => {
  gateway = await startLocalGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

let callers = 0;
let caller: string;
beforeEach(() => {
  caller = `caller-${++callers}`;
});

/** The key of a new caller with this policy. */
function keyOf(policy?: CallerPolicy, id = caller): Promise<string> {
  return gateway.register({ id, roles: ['caller'], endpoints: ['*'], ...(policy && { policy }) });
}

const [small, medium, vectors, moderation] = [
  'gpt-6-luna',
  'gpt-6.1-terra',
  'text-embedding-3-small',
  'omni-moderation-latest',
];
const messages = [{ role: 'user', content: 'What is a weir?' }];
const input = 'What is a weir?';

/** Each route: its body, a model that it may be asked with, and another one that has a price too. */
const ROUTES: readonly (readonly [api: string, body: object, model: string, other: string])[] = [
  ['chat/completions', { messages }, small, medium],
  ['chat/completions', { messages, stream: true }, small, medium],
  ['responses', { input }, small, medium],
  ['responses', { input, stream: true }, small, medium],
  ['embeddings', { input }, vectors, 'text-embedding-3-large'],
  ['moderations', { input }, moderation, 'text-moderation-latest'],
];

function ask(api: string, key: string, body: object, headers: Record<string, string> = {}): Promise<GatewayReply> {
  return gateway.send({ path: `/openai/v1/${api}`, key, body, headers });
}

async function listed(key: string): Promise<string[]> {
  const { status, json } = await gateway.send({ method: 'GET', path: '/openai/v1/models', key });
  expect([status, json['object']]).toEqual([200, 'list']);
  return (json['data'] as { id: string; object: string; created: number; owned_by: string }[]).map(
    ({ id, ...rest }) => {
      expect(rest).toEqual({ object: 'model', created: 0, owned_by: 'openai' });
      return id;
    },
  );
}

/** What a caller's calls left in the ledger. */
async function callsOf(id: string) {
  return (await gateway.ledger()).filter((entry) => entry.caller === id);
}

test.each(ROUTES)('the allow-list holds on %s, with %j', async (api, body, model, other) => {
  const models = [small, vectors, moderation];
  const key = await keyOf({ models });
  const before = gateway.upstream.requests.length;
  const reply = await ask(api, key, { ...body, model: other });
  const message = `model '${other}' is not allowed to this caller; allowed are ${models.join(', ')}`;
  expect(refusalOf('openai', reply)).toEqual({
    status: 403,
    code: 'model_not_allowed',
    message,
    errors: [{ field: 'model', message }],
    details: { allowed: models },
  });
  expect([gateway.upstream.requests.length - before, await callsOf(caller)]).toEqual([0, []]);

  const allowed = await ask(api, key, { ...body, model });
  expect([allowed.status, gateway.upstream.requests.at(-1)!.body.model]).toEqual([200, model]);
  expect(await callsOf(caller)).toMatchObject([{ model, outcome: 'completed' }]);
});

test('a name is allowed as it is written: no snapshot of it, no other case, no part, no white space', async () => {
  const key = await keyOf({ models: [small] });
  for (const model of [`${small}-2026-09-29`, small.toUpperCase(), 'gpt-6', `${small} `, `${small}-pro`, '*']) {
    expect([model, (await ask('chat/completions', key, { model, messages })).status]).toEqual([model, 403]);
  }
  expect(await callsOf(caller)).toEqual([]);
});

test('an empty allow-list allows nothing, and a model that nobody named must be on it too', async () => {
  const nothing = await keyOf({ models: [] });
  for (const [api, body, model] of ROUTES) {
    const { status, message } = refusalOf('openai', await ask(api, nothing, { ...body, model }));
    expect([api, status, message]).toEqual([
      api,
      403,
      `model '${model}' is not allowed to this caller; allowed are none`,
    ]);
  }
  expect(await listed(nothing)).toEqual([]);

  // Moderations' own default, and one of the policy's that contradicts its list.
  const narrow = await keyOf({ models: [small], defaultModel: medium });
  expect(refusalOf('openai', await ask('moderations', narrow, { input })).message).toContain(`'${moderation}'`);
  expect(refusalOf('openai', await ask('responses', narrow, { input })).message).toContain(`'${medium}'`);
  expect(await callsOf(caller)).toEqual([]);
});

test('GET /openai/v1/models lists what the caller may name: its allow-list, or all that has a price', async () => {
  expect(await listed(await keyOf({ models: [medium, vectors] }))).toEqual([medium, vectors]);
  // What has no price may be on a list, and is let through by nobody.
  const wishful = await keyOf({ models: ['gpt-of-tomorrow', small] });
  expect(await listed(wishful)).toEqual([small]);
  expect((await ask('responses', wishful, { model: 'gpt-of-tomorrow', input })).status).toBe(400);
  const all = await listed(await keyOf());
  expect(all).toEqual(expect.arrayContaining([small, medium, vectors, moderation]));
  expect(new Set(all).size).toBe(all.length);
  expect(await listed(await keyOf({ defaultModel: small }))).toEqual(all);
  // What is listed may be named.
  for (const model of [small, medium])
    expect((await ask('responses', await keyOf(), { model, input })).status).toBe(200);
});

test('the default model stands in where none is named, and gives way where one is', async () => {
  const key = await keyOf({ models: [small, medium], defaultModel: medium });
  for (const [api, body] of ROUTES.filter(([, , model]) => model === small)) {
    for (const [given, sent] of [
      [{}, medium],
      [{ model: null }, medium],
      [{ model: small }, small],
    ] as const) {
      expect((await ask(api, key, { ...body, ...given })).status).toBe(200);
      expect([api, given, gateway.upstream.requests.at(-1)!.body.model]).toEqual([api, given, sent]);
    }
  }
  const without = await keyOf({ models: [small] });
  expect(refusalOf('openai', await ask('responses', without, { input }))).toMatchObject({
    status: 400,
    message: 'model is required (a text)',
  });
});

test('a decision is cached with its policy, as API Gateway does: a change counts when it has run out', async () => {
  const key = await keyOf({ models: [small] });
  expect((await ask('responses', key, { model: small, input })).status).toBe(200);
  const record = { id: caller, roles: ['caller'], endpoints: ['*'], policy: { models: [medium] } } as const;
  await gateway.register(record, key);
  expect((await ask('responses', key, { model: medium, input })).status).toBe(403);
  expect(await listed(key)).toEqual([small]);
});

test.each([
  ['is cut', `{"models":["${small}"]`],
  ['has a text for a list', `{"models":"${small}-and-more"}`],
  ['has a list with something else in it', `{"models":["${small}",null]}`],
  ['has a time that is none', `{"models":["${small}"],"cacheSeconds":"1h"}`],
  ['is no object', `["${small}"]`],
])('a policy that %s opens nothing', async (_what, policy) => {
  const key = await keyOf({ models: [small] });
  const { awsEndpoints, tables } = gateway.weir.outputs;
  const client = new DynamoDBClient({
    endpoint: awsEndpoints!.dynamodb,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await client.send(
    new UpdateItemCommand({
      TableName: tables.callers,
      Key: { pk: { S: hashCallerKey(key) } },
      UpdateExpression: 'SET #policy = :policy',
      ExpressionAttributeNames: { '#policy': 'policy' },
      ExpressionAttributeValues: { ':policy': { S: policy } },
    }),
  );
  client.destroy();
  const reply = await ask('responses', key, { model: small, input });
  expect([reply.status, reply.text.includes(small), await callsOf(caller)]).toEqual([500, false, []]);
});

test('a policy is its caller’s alone, and nothing that a request can bring along', async () => {
  const narrow = await keyOf({ models: [small] });
  const free = await keyOf(undefined, `${caller}-free`);
  const statuses = await Promise.all(
    Array.from(
      { length: 20 },
      async (_, at) => (await ask('responses', at % 2 ? narrow : free, { model: medium, input })).status,
    ),
  );
  expect(statuses).toEqual(Array.from({ length: 20 }, (_, at) => (at % 2 ? 403 : 200)));
  const policy = JSON.stringify({ models: [medium], mayStore: true });
  const reply = await gateway.send({
    path: `/openai/v1/responses?policy=${encodeURIComponent(policy)}`,
    key: narrow,
    headers: { policy, 'x-weir-policy': policy, 'x-amzn-requestcontext': `{"authorizer":{"policy":${policy}}}` },
    body: { model: medium, input, policy: { models: [medium] } },
  });
  expect(reply.status).toBe(403);
});

test('Weir’s own endpoints name their models themselves, and go by no caller’s list', async () => {
  const key = await keyOf({ models: [], cacheSeconds: 60 });
  const reply = await gateway.send({ path: '/v1/summarize', key, body: { text: `A weir is a wall, says ${caller}.` } });
  expect(reply.status).toBe(200);
});
