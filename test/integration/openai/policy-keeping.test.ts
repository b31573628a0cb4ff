import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CallerPolicy } from '#platform/principal.ts';
import { startLocalGateway, type GatewayReply, type LocalGateway } from '#test/support/local-gateway.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

/** What a caller's policy lets Weir, and OpenAI, keep of its answers. */
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

function ask(api: string, key: string, body: object, headers: Record<string, string> = {}): Promise<GatewayReply> {
  return gateway.send({ path: `/openai/v1/${api}`, key, body, headers });
}

const small = 'gpt-6-luna';
const messages = [{ role: 'user', content: 'What is a weir?' }];
const input = 'What is a weir?';

/** A question to each route, streamed where it can be. */
const QUESTIONS: readonly (readonly [api: string, question: object])[] = [
  ['chat/completions', { model: small, messages }],
  ['chat/completions', { model: small, messages, stream: true }],
  ['responses', { model: small, input }],
  ['responses', { model: small, input, stream: true }],
  ['embeddings', { model: 'text-embedding-3-small', input }],
  ['moderations', { input }],
];

test('cacheSeconds keeps the caller’s answers on all four routes, unless a request says otherwise', async () => {
  const key = await keyOf({ cacheSeconds: 3_600 });
  const sameOfAnother = await keyOf({ cacheSeconds: 3_600 }, `${caller}-b`);
  for (const [api, question] of QUESTIONS) {
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
  const kinds = (await gateway.ledger())
    .filter((entry) => entry.caller === caller)
    .map(({ cache }) => cache)
    .toSorted();
  expect(kinds).toEqual([...Array(6).fill('bypass'), ...Array(6).fill('hit'), ...Array(6).fill('miss')]);
});

test('C2 questions that differ only in digits that JavaScript rounds are two', async () => {
  const key = await keyOf({ cacheSeconds: 3_600 });
  const kinds: (string | undefined)[] = [];
  for (const seed of ['12345678901234567890', '12345678901234567891', '12345678901234567890']) {
    const body = `{"model":"${small}","input":"How many?","seed":${seed},"user":"${caller}"}`;
    const reply = await gateway.send({ path: '/openai/v1/responses', key, body });
    kinds.push(reply.headers['x-weir-cache']);
  }
  expect(kinds).toEqual(['miss', 'miss', 'hit']);
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

/** A stream without the comment that tells what it cost. */
function withoutComments(text: string): string {
  return text.replaceAll(/^:.*\n\n/gm, '');
}
