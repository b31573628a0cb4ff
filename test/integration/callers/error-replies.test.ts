import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FUNCTIONS_FOLDER, readInventory } from '#infra/inventory.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import { failure, invalidApiKey, rateLimited, requestTooLarge } from '#test/support/scripted-failures.ts';
import { answer, htmlWith200, refusal } from '#test/support/scripted-steps.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { startLocalGateway, type GatewayReply, type LocalGateway } from '#test/support/local-gateway.ts';
import { testKey } from '#test/support/test-key.ts';

/** The compatible routes, each with a request that works. */
const compatible = routedEntries(await readInventory(FUNCTIONS_FOLDER)).flatMap((entry) =>
  entry.spec.kind === 'endpoint' && entry.spec.errors === 'openai'
    ? { path: pathOf(entry), example: entry.spec.example as object, streams: entry.spec.stream !== undefined }
    : [],
);

let gateway: LocalGateway;
beforeAll(async () => {
  gateway = await startLocalGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

const key = testKey('gateway');
/** All that an upstream might say and no caller may hear. */
const bait =
  `Key ${key.slice(0, 20)}… of org-bait, project proj_bait, role arn:aws:iam::123456789012:role/bait failed\n` +
  '    at Object.bait (/srv/app/bait.js:1:2)';
const headers = { 'openai-organization': 'org-bait', 'openai-project': 'proj_bait', 'x-request-id': 'req_bait' };

/** What a reply gives away: of keys, organisations, roles and stacks. */
function givenAway({ text, headers: replyHeaders }: GatewayReply): string[] {
  const all = `${text}\n${JSON.stringify(replyHeaders)}`;
  const secrets = [key, gateway.weir.keys.caller, gateway.weir.keys.administrator];
  const fragments = secrets.flatMap((secret) => [secret.slice(0, 12), secret.slice(-12)]);
  const found = [...fragments, 'org-', 'proj_', 'arn:', 'openai-organization', 'node_modules', '.ts:', 'file://'];
  const patterns = [/\bat \S+ \(/, /\/(functions|infra|home|srv|work)\//, /Error:/];
  return [
    ...found.filter((part) => all.includes(part)),
    ...patterns.filter((pattern) => pattern.test(all)).map(String),
  ];
}

const failures: readonly (readonly [string, Step, number])[] = [
  ['400', failure({ status: 400, message: bait, headers }), 400],
  ['400 with a code that is a sentence', failure({ status: 400, message: bait, code: bait, type: bait, headers }), 400],
  ['401 that quotes the key', invalidApiKey({ headers }), 502],
  ['403', failure({ status: 403, message: bait, headers }), 502],
  ['404', failure({ status: 404, message: bait, headers }), 502],
  ['413', failure({ status: 413, body: bait, headers }), 413],
  ['422', failure({ status: 422, body: { error: bait }, headers }), 422],
  ['429 of a request too large', requestTooLarge({ headers }), 413],
  ['429 to be waited for', rateLimited({ message: bait, retryAfterSeconds: 3_600, headers }), 429],
  ['500', failure({ status: 500, message: bait, headers }), 502],
  ['a status that nobody knows', failure({ status: 418, body: bait, headers }), 502],
  ['a page in place of JSON', htmlWith200(), 502],
  ['a refusal in the model’s own words', refusal(bait), 422],
];

test.each(failures)('A6 a failure of the upstream (%s) gives nothing away', async (_what, step, status) => {
  // Also to the attempts after the first, where there are any.
  gateway.upstream.otherwise(step);
  const body = { text: `A text about ${Math.random()}` };
  const reply = await gateway.send({ path: '/v1/summarize', body });
  expect([reply.status, givenAway(reply)]).toEqual([status, []]);
  expect(reply.json).toMatchObject({ status, requestId: reply.headers['x-request-id'] });
  expect(await gateway.log()).not.toContain(key.slice(0, 20));
});

// A refusal in the model's own words is no failure there: it passes as it came.
const failuresThere = failures.filter(([what]) => !what.startsWith('a refusal'));

describe.each(compatible)('$path', ({ path, example }) => {
  test.each(failuresThere)('A6 a failure of the upstream (%s) gives nothing away', async (_what, step, status) => {
    gateway.upstream.otherwise(step);
    const reply = await gateway.send({ path, body: example });
    expect([reply.status, givenAway(reply)]).toEqual([status, []]);
    expect(reply.json).toMatchObject({
      error: { message: expect.stringMatching(/^(?!\s*$)/), type: expect.any(String) },
    });
    expect(await gateway.log()).not.toContain(key.slice(0, 20));
  });

  test('A6 headers of OpenAI’s that name organisation and project stay behind, where all is well too', async () => {
    gateway.upstream.otherwise(answer());
    const reply = await gateway.send({ path, body: example });
    expect([reply.status, givenAway(reply)]).toEqual([200, []]);
  });
});

describe.each(compatible.filter(({ streams }) => streams))('a stream of $path', ({ path, example }) => {
  test.each(failuresThere)('A6 that does not come about (%s) gives nothing away', async (_what, step, status) => {
    gateway.upstream.otherwise(step);
    const reply = await gateway.send({ path, body: { ...example, stream: true } });
    expect([reply.status, givenAway(reply)]).toEqual([status, []]);
    expect(reply.json).toMatchObject({
      error: { message: expect.stringMatching(/^(?!\s*$)/), type: expect.any(String) },
    });
  });
});

const chunk = {
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-6-luna',
  choices: [{ index: 0, delta: { role: 'assistant', content: 'A weir' }, finish_reason: null }],
};
const response = { id: 'resp_1', object: 'response', status: 'in_progress', model: 'gpt-6-luna', output: [] };
const created = `event: response.created\ndata: ${JSON.stringify({ type: 'response.created', response })}\n\n`;
const said = { message: bait, type: bait, code: bait, param: bait };
const failed = { type: 'response.failed', response: { ...response, status: 'failed', error: said } };

/** Streams these bytes, and ends in good order. */
function sends(...blocks: string[]): Step {
  return ({ response: reply }) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    reply.end(blocks.join(''));
  };
}

test.each([
  [
    'chat/completions',
    'an error',
    sends(`data: ${JSON.stringify(chunk)}\n\n`, `data: ${JSON.stringify({ error: said })}\n\n`),
  ],
  ['chat/completions', 'an error and no word before it', sends(`data: ${JSON.stringify({ error: said })}\n\n`)],
  [
    'chat/completions',
    'an error among other members',
    sends(`data: ${JSON.stringify(chunk)}\n\n`, `data: ${JSON.stringify({ id: 'x', error: said })}\n\n`),
  ],
  ['responses', 'an error', sends(created, `event: error\ndata: ${JSON.stringify({ ...said, type: 'error' })}\n\n`)],
  ['responses', 'an error without its name', sends(created, `data: ${JSON.stringify({ ...said, type: 'error' })}\n\n`)],
  ['responses', 'its failure', sends(created, `event: response.failed\ndata: ${JSON.stringify(failed)}\n\n`)],
])('A6 a stream of %s that tells %s in OpenAI’s words ends with Weir’s own', async (api, _what, step) => {
  gateway.upstream.otherwise(step);
  const { example } = compatible.find(({ path }) => path === `/openai/v1/${api}`)!;
  const reply = await gateway.send({ path: `/openai/v1/${api}`, body: { ...example, stream: true } });
  expect(givenAway(reply)).toEqual([]);
  expect(reply.text).toContain('the upstream failed');
});

test('a model whose name no header can carry is no broken reply', async () => {
  gateway.upstream.script(answer({ model: 'gpt-6-luna\r\nx-evil: 1 €' }));
  const reply = await gateway.send({ path: '/v1/summarize', body: { text: 'A weir is a wall.' } });
  expect([reply.status, reply.headers['x-weir-model'], reply.headers['x-evil']]).toEqual([
    200,
    'gpt-6-luna??x-evil: 1 ?',
    undefined,
  ]);
});

test('A6 health says that it runs, and nothing else', async () => {
  const reply = await gateway.send({ method: 'GET', path: '/health', key: null });
  expect([reply.status, reply.text, givenAway(reply)]).toEqual([200, '{"status":"ok"}', []]);
});

test('A6 neither do the replies of the gateway itself', async () => {
  const replies = await Promise.all([
    gateway.send({ method: 'GET', path: '/nowhere', key: null }),
    gateway.send({ path: '/v1/summarize', key: null }),
    gateway.send({ path: '/v1/summarize', key: 'wrong' }),
    gateway.send({ method: 'GET', path: '/v1/spend' }),
    gateway.send({ path: '/v1/summarize', body: '{' }),
    gateway.send({ path: '/v1/summarize', body: {} }),
    gateway.send({ method: 'GET', path: '/openapi.json', key: null }),
    gateway.send({ method: 'GET', path: '/openai/v1/nowhere' }),
    gateway.send({ method: 'GET', path: '/openai/v1/models', key: null }),
    gateway.send({ method: 'GET', path: '/openai/v1/models?x=1' }),
    ...compatible.flatMap(({ path }) => [
      gateway.send({ path, key: null }),
      gateway.send({ path, key: 'wrong' }),
      gateway.send({ path, body: '{' }),
      gateway.send({ path, body: {} }),
      gateway.send({ path, body: { model: 'gpt-of-nobody', input: 'a', messages: [] } }),
    ]),
  ]);
  for (const reply of replies) expect(givenAway(reply)).toEqual([]);
});
