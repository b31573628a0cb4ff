import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndpointSpec } from '#edge/specs.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';
import { gatewayRefusalOf, refusalOf } from '#test/support/told-refusal.ts';

let gateway: LocalGateway;
let endpoints: { path: string; spec: EndpointSpec }[];

beforeAll(async () => {
  gateway = await startLocalGateway();
  endpoints = routedEntries(gateway.weir.entries).flatMap((entry) =>
    entry.spec.kind === 'endpoint' ? { path: pathOf(entry), spec: entry.spec } : [],
  );
});
afterAll(() => gateway[Symbol.asyncDispose]());

test.each([
  ['max_tokens', 1e9],
  ['max_output_tokens', 1e9],
  ['n', 1000],
  ['best_of', 1000],
  ['stream', true],
  ['stop_when', { max_characters: 5 }],
  ['previous_response_id', 'resp_1'],
])('I6 %s is no field of ours: refused by name', async (name, value) => {
  const isOfStreams = name === 'stream' || name === 'stop_when';
  const own = endpoints.filter(({ spec }) => spec.errors === 'problem' && !(isOfStreams && spec.stream));
  expect(own.length).toBeGreaterThanOrEqual(2);
  for (const { path, spec } of own) {
    const reply = await gateway.send({ path, body: { ...(spec.example as object), [name]: value } });
    const { status, message } = refusalOf('problem', reply);
    expect([path, status, message]).toEqual([path, 400, `${name} is not a known field`]);
  }
});

const [chat, responses, embeddings] = ['chat/completions', 'responses', 'embeddings'].map((api) => `/openai/v1/${api}`);
const notKept =
  "this caller's policy does not let OpenAI keep its answers, nor go on from kept ones; send what came before in the input, with store: false";
const noSearch = "must be function or custom: what 'web_search' costs cannot be bounded";

test.each<[path: string, field: string, change: object, rule: string]>([
  [chat!, 'n', { n: 1_000 }, 'must be from 1 to 128, but 1000 was provided'],
  [chat!, 'n', { n: 0 }, 'must be from 1 to 128, but 0 was provided'],
  [chat!, 'n', { n: '128' }, "must be a whole number from 1 to 128, but '128' was provided"],
  [chat!, 'max_tokens', { max_tokens: 1e9 }, 'must be from 1 to 128,000, but 1000000000 was provided'],
  [
    chat!,
    'max_completion_tokens',
    { max_completion_tokens: 1e9 },
    'must be from 1 to 128,000, but 1000000000 was provided',
  ],
  [chat!, 'max_tokens', { max_tokens: 100 }, 'cannot stand beside max_completion_tokens'],
  [
    responses!,
    'max_output_tokens',
    { max_output_tokens: 1e9 },
    'must be from 16 to 128,000, but 1000000000 was provided',
  ],
  [responses!, 'previous_response_id', { previous_response_id: 'resp_1' }, `is not allowed: ${notKept}`],
  [responses!, 'conversation', { conversation: 'conv_1' }, `is not allowed: ${notKept}`],
  [responses!, 'input.0', { input: [{ type: 'item_reference', id: 'msg_1' }] }, `is not allowed: ${notKept}`],
  [
    responses!,
    'prompt',
    { prompt: { id: 'pmpt_1' } },
    'is not allowed: the tools and the model of a stored prompt are not known here, so its cost cannot be bounded',
  ],
  [responses!, 'tools.0.type', { tools: [{ type: 'web_search' }] }, noSearch],
  [chat!, 'web_search_options', { web_search_options: {} }, 'is not allowed: what a search costs cannot be bounded'],
  [
    responses!,
    'background',
    { background: true },
    'must be false: the cost of work that goes on after the reply could not be held',
  ],
  [
    embeddings!,
    'input',
    { input: Array(2_049).fill('a') },
    'must have at most 2,048 items, but 2,049 items were provided',
  ],
])('I6 I8 what could not be bounded is refused on %s by its name, before any spend: %s', async (...row) => {
  const [path, field, change, rule] = row;
  const { example } = endpoints.find((endpoint) => endpoint.path === path)!.spec;
  const reply = await gateway.send({ path, body: { ...(example as object), ...change } });
  expect(refusalOf('openai', reply)).toEqual({
    status: 400,
    code: 'invalid_request',
    message: `${field} ${rule}`,
    errors: [{ field, message: `${field} ${rule}` }],
    details: {},
  });
});

test.each([
  [
    '/v1/summarize',
    { text: 'a'.repeat(200_001) },
    'text must be at most 200,000 characters long, but 200,001 characters were provided',
  ],
  ['/v1/summarize', { text: 'a', sentences: 1e9 }, 'sentences must be at most 10, but 1000000000 was provided'],
  [
    '/v1/embed',
    { texts: ['a'], dimensions: 1e9 },
    'dimensions must be at most 1,536, but 1000000000 was provided; texts times dimensions must be at most 250,000, but 1 × 1,000,000,000 = 1,000,000,000 was provided',
  ],
  ['/v1/embed', { texts: Array(501).fill('a') }, 'texts must have at most 500 items, but 501 items were provided'],
  [
    '/v1/embed',
    { texts: ['a'.repeat(30_001)] },
    'texts.0 must be at most 30,000 characters long, but 30,001 characters were provided',
  ],
  [
    '/v1/embed',
    { texts: Array(228).fill('a') },
    'texts times dimensions must be at most 250,000, but 228 × 1,536 = 350,208 was provided',
  ],
  [
    '/v1/classify',
    { texts: Array(101).fill('a'), labels: ['x', 'y'] },
    'texts must have at most 100 items, but 101 items were provided',
  ],
  [
    '/v1/classify',
    { texts: Array(11).fill('a'.repeat(20_000)), labels: ['x', 'y'] },
    'texts must be at most 200,000 characters together, but 220000 were provided',
  ],
  [
    '/v1/classify',
    { text: 'a', labels: Array.from({ length: 51 }, (_, at) => `l${at}`) },
    'labels must have at most 50 items, but 51 items were provided',
  ],
])('I6 oversized %s is refused with its limit and what came', async (path, body, detail) => {
  const reply = await gateway.send({ path, body });
  expect([reply.status, reply.json['detail']]).toEqual([400, detail]);
});

test('I6 a body of 10 MB is a 413 at every endpoint, JSON or not', async () => {
  for (const { path } of endpoints) {
    for (const body of [`{"text":"${'a'.repeat(10_000_000)}"}`, '{'.repeat(10_000_000)]) {
      const { status, code, message } = gatewayRefusalOf(await gateway.send({ path, body }));
      expect([path, status, code]).toEqual([path, 413, 'too_large']);
      expect(message).toMatch(/^the body must be at most \d+ bytes, but \d{8} were sent$/);
    }
  }
});

test('I6 a body over the endpoint’s own limit is a 413 that names both sizes', async () => {
  for (const { path, spec } of endpoints) {
    const limitBytes = spec.limits.maxBodyBytes ?? (spec.errors === 'openai' ? 4_500_000 : 1_500_000);
    const refused = refusalOf(spec.errors, await gateway.send({ path, body: ' '.repeat(limitBytes + 1) }));
    expect(refused).toEqual({
      status: 413,
      code: 'too_large',
      message: `the body must be at most ${limitBytes} bytes long, but ${limitBytes + 1} were provided`,
      errors: undefined,
      details: { limitBytes, bodyBytes: limitBytes + 1 },
    });
    // A byte less is looked at.
    expect((await gateway.send({ path, body: ' '.repeat(limitBytes) })).status).toBe(422);
  }
});

test('I6 none of it was sent upstream or put into the ledger', async () => {
  expect(gateway.upstream.requests).toEqual([]);
  expect(await gateway.ledger()).toEqual([]);
});
