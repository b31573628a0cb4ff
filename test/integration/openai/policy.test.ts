import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
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

test('cacheSeconds keeps the caller’s answers on all four routes, unless a request says otherwise', async () => {
  const key = await keyOf({ cacheSeconds: 3_600 });
  const sameOfAnother = await keyOf({ cacheSeconds: 3_600 }, `${caller}-b`);
  for (const [api, body, model] of ROUTES) {
    const question = { ...body, model, user: caller };
    const before = gateway.upstream.requests.length;
    const first = await ask(api, key, question);
    const second = await ask(api, key, question);
    expect([api, second.status, second.headers['age']]).toEqual([api, 200, expect.stringMatching(/^\d+$/)]);
    expect(withoutComments(second.text)).toBe(withoutComments(first.text));
    expect(gateway.upstream.requests.length - before).toBe(1);

    const declined = await ask(api, key, question, { 'x-weir-cache': 'no' });
    expect([declined.status, declined.headers['age']]).toEqual([200, undefined]);
    expect(gateway.upstream.requests.length - before).toBe(2);
    // C1: the same question of another caller is another question.
    await ask(api, sameOfAnother, question);
    expect(gateway.upstream.requests.length - before).toBe(3);
  }
  const kinds = (await callsOf(caller)).map(({ cache }) => cache).toSorted();
  expect(kinds).toEqual([...Array(6).fill('bypass'), ...Array(6).fill('hit'), ...Array(6).fill('miss')]);
});

test('without cacheSeconds nothing is kept that no request asked to keep', async () => {
  const key = await keyOf({ models: [small] });
  const before = gateway.upstream.requests.length;
  for (let time = 0; time < 2; time++) await ask('responses', key, { model: small, input });
  expect(gateway.upstream.requests.length - before).toBe(2);
});

test('mayStore lets OpenAI keep answers where a request asks for it, and a caller go on from them', async () => {
  const key = await keyOf({ mayStore: true });
  for (const [given, sent] of [
    [{}, false],
    [{ store: false }, false],
    [{ store: true }, true],
    [{ previous_response_id: 'resp_1' }, false],
    [{ conversation: { id: 'conv_1' }, store: true }, true],
  ] as const) {
    const reply = await ask('responses', key, { model: small, input, ...given });
    expect([given, reply.status]).toEqual([given, 200]);
    expect(gateway.upstream.requests.at(-1)!.body).toMatchObject({ ...given, store: sent });
  }
});

test.each([undefined, {}, { mayStore: false }])(
  'without it nothing is kept, nor gone on from: policy %j',
  async (policy) => {
    const key = await keyOf(policy);
    const before = gateway.upstream.requests.length;
    for (const [api, body, field] of [
      ['responses', { input, store: true }, 'store'],
      ['chat/completions', { messages, store: true }, 'store'],
      ['responses', { input, previous_response_id: 'resp_1' }, 'previous_response_id'],
      ['responses', { input, conversation: 'conv_1' }, 'conversation'],
      ['responses', { input: [{ type: 'item_reference', id: 'msg_1' }] }, 'input.0'],
    ] as const) {
      const { status, errors } = refusalOf('openai', await ask(api, key, { model: small, ...body }));
      expect([status, errors]).toEqual([400, [expect.objectContaining({ field })]]);
    }
    expect(gateway.upstream.requests.length).toBe(before);
    await ask('responses', key, { model: small, input });
    expect(gateway.upstream.requests.at(-1)!.body['store']).toBe(false);
  },
);

test('I8 what a caller goes on from is held at all that the model can read', async () => {
  const key = await keyOf({ mayStore: true });
  // Enough for the words of the request many times over, and not for a context window.
  const budget = { window: 'month', limitUsd: '0.01' };
  const administrator = gateway.weir.keys.administrator;
  const path = `/v1/budgets/caller:${caller}`;
  expect((await gateway.send({ method: 'PUT', path, body: budget, key: administrator })).status).toBe(200);
  const question = { model: small, input, max_output_tokens: 100 };
  expect((await ask('responses', key, question)).status).toBe(200);
  const before = gateway.upstream.requests.length;
  const refused = await ask('responses', key, { ...question, previous_response_id: 'resp_1' });
  expect(refusalOf('openai', refused)).toMatchObject({ status: 402, code: 'budget_exceeded' });
  expect(refused.headers['x-should-retry']).toBe('false');
  expect(gateway.upstream.requests.length).toBe(before);
});

test('a decision is cached with its policy, as API Gateway does: a change counts when it has run out', async () => {
  const key = await keyOf({ models: [small] });
  expect((await ask('responses', key, { model: small, input })).status).toBe(200);
  const record = { id: caller, roles: ['caller'], endpoints: ['*'], policy: { models: [medium] } } as const;
  await gateway.register(record, key);
  expect((await ask('responses', key, { model: medium, input })).status).toBe(403);
  expect(await listed(key)).toEqual([small]);
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

/** A stream without the comment that tells what it cost. */
function withoutComments(text: string): string {
  return text.replaceAll(/^:.*\n\n/gm, '');
}
