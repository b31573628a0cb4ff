import { afterAll, beforeAll, expect, test } from 'vitest';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { refusalOf } from '#test/support/told-refusal.ts';

let gateway: LocalGateway;
/** The compatible routes, with requests that work. */
let endpoints: { path: string; example: object }[];
beforeAll(async () => {
  gateway = await startLocalGateway();
  endpoints = routedEntries(gateway.weir.entries).flatMap((entry) =>
    entry.spec.kind === 'endpoint' && entry.spec.errors === 'openai'
      ? { path: pathOf(entry), example: entry.spec.example as object }
      : [],
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

const model = 'gpt-6-luna';
const hello = [{ role: 'user', content: 'Hello.' }];
const soundless = 'sound has no price here, so its cost could not be held';

test.each<[api: string, body: unknown, message: string, param?: null]>([
  ['chat/completions', {}, 'messages is required (an array)'],
  ['chat/completions', { model }, 'messages is required (an array)'],
  ['chat/completions', { model, messages: 'Hello.' }, "messages must be an array, but 'Hello.' was provided"],
  ['chat/completions', { messages: hello }, 'model is required (a text)'],
  ['chat/completions', { model: 7, messages: hello }, 'model must be a text, but 7 was provided'],
  [
    'chat/completions',
    { model, messages: hello, stream: 'yes' },
    "stream must be true or false, but 'yes' was provided",
  ],
  [
    'chat/completions',
    { model, messages: hello, stream: true, stream_options: 1 },
    'stream_options must be an object, but 1 was provided',
  ],
  [
    'chat/completions',
    { model, messages: hello, n: 1.5 },
    'n must be a whole number from 1 to 128, but 1.5 was provided',
  ],
  [
    'chat/completions',
    `{"model":"${model}","messages":[],"n":1e999}`,
    'n must be a whole number from 1 to 128, but Infinity was provided',
  ],
  ['chat/completions', { model, messages: hello, tools: {} }, 'tools must be an array, but an object was provided'],
  [
    'chat/completions',
    { model, messages: hello, modalities: ['text', 'audio'] },
    `modalities must be text only: ${soundless}`,
  ],
  [
    'chat/completions',
    { model, messages: hello, service_tier: 'cheap' },
    "service_tier must be one of auto, default, flex, priority, fast, ultrafast, scale, but 'cheap' was provided",
  ],
  ['chat/completions', [hello], 'body must be an object, but an array was provided', null],
  ['responses', 'null', 'body must be an object, but null was provided', null],
  ['responses', { model, input: 7 }, 'input must be a text or an array, but 7 was provided'],
  [
    'responses',
    { model, input: 'Hello.', max_output_tokens: 15 },
    'max_output_tokens must be from 16 to 128,000, but 15 was provided',
  ],
  ['responses', { model, input: 'Hello.', instructions: [] }, 'instructions must be a text, but an array was provided'],
  [
    'responses',
    { model, input: 'Hello.', store: true },
    "store must be false: this caller's policy does not let OpenAI keep its answers",
  ],
  [
    'responses',
    { model, input: 'Hello.', safety_identifier: 'a'.repeat(129) },
    `safety_identifier must be at most 128 characters long, but '${'a'.repeat(40)}…' was provided`,
  ],
  ['embeddings', { model: 'text-embedding-3-small' }, 'input is required (a text or an array)'],
  [
    'embeddings',
    { model: 'text-embedding-3-small', input: [] },
    'input must have at least 1 item, but 0 items were provided',
  ],
  ['embeddings', { model: 'text-embedding-3-small', input: ['a', 7] }, 'input.1 must be a text, but 7 was provided'],
  ['moderations', {}, 'input is required (a text or an array)'],
  ['moderations', { input: 7 }, 'input must be a text or an array, but 7 was provided'],
  ['moderations', { input: ['a', 7] }, 'input.1 must be a text or an object, but 7 was provided'],
])('a wrong request to openai/v1/%s is told field, limit and value in OpenAI’s form: %j', async (...row) => {
  const [api, body, message, param] = row;
  const reply = await gateway.send({ path: `/openai/v1/${api}`, body });
  const field = message.split(' ')[0]!;
  expect([reply.status, reply.headers['content-type']]).toEqual([400, 'application/json']);
  expect(reply.json).toEqual({
    error: {
      message,
      type: 'invalid_request_error',
      param: param === null ? null : field,
      code: 'invalid_request',
      details: { errors: [{ field, message }] },
    },
  });
});

test.each(['0', '1h30m', '31d', 'always', '-1h'])('x-weir-cache of %j is refused with its limits', async (wish) => {
  for (const { path, example } of endpoints) {
    const reply = await gateway.send({ path, body: example, headers: { 'x-weir-cache': wish } });
    const { status, message } = refusalOf('openai', reply);
    expect([path, status, message]).toEqual([
      path,
      400,
      `x-weir-cache must be from 1s to 30d, such as 90s, 15m, 1h or 7d, or else no, but '${wish}' was provided`,
    ]);
  }
});

test('what was refused cost nothing upstream and left no ledger entry', async () => {
  expect(endpoints).toHaveLength(4);
  expect(gateway.upstream.requests).toEqual([]);
  expect(await gateway.ledger()).toEqual([]);
});

test('I7 header names count in any case on the compatible routes too', async () => {
  for (const { path, example } of endpoints) {
    const headers = {
      AUTHORIZATION: `bearer ${gateway.weir.keys.caller}`,
      'CoNtEnT-tYpE': 'text/plain',
      'X-WEIR-Cache': ' 1H ',
    };
    const replies = [
      await gateway.send({ path, body: example, headers, key: null }),
      await gateway.send({ path, body: example, headers, key: null }),
    ];
    expect([path, ...replies.map((reply) => [reply.status, reply.headers['x-weir-cache']])]).toEqual([
      path,
      [200, 'miss'],
      [200, 'hit'],
    ]);
    const twice = { 'X-WEIR-TIMEOUT-MS': 'nonsense' };
    expect(refusalOf('openai', await gateway.send({ path, body: example, headers: twice })).errors).toMatchObject([
      { field: 'x-weir-timeout-ms' },
    ]);
  }
});

test('I7 fields that nobody knows pass on the compatible routes, as they were written', async () => {
  const unknown = {
    temperature_2: 0.25,
    later: { a: [1, null, { b: 'ü' }], id: 1 },
    MAX_TOKENS: 'x',
    '': [],
    raw: { rawJSON: '1}' },
  };
  for (const { path, example } of endpoints) {
    const precise = '"precise":12345678901234567890.125,';
    const body = `{${precise}${JSON.stringify({ ...example, ...unknown }).slice(1)}`;
    const { status } = await gateway.send({ path, body });
    expect([path, status]).toEqual([path, 200]);
    const sent = gateway.upstream.requests.at(-1)!;
    expect(sent.body).toMatchObject(unknown);
    expect(sent.rawBody).toContain(precise);
  }
});
