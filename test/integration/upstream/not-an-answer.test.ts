import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { failure } from '#test/support/scripted-failures.ts';
import {
  answer,
  cutBody,
  emptyBody,
  htmlWith200,
  incomplete,
  refusal,
  truncatedJson,
} from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };
/** A response without this or that: well-formed JSON, and still nothing to give to anyone. */
const response = (changes: object): Step =>
  failure({
    status: 200,
    body: { object: 'response', model: 'gpt-6-luna', status: 'completed', output: [], ...changes },
  });
const message = (content: unknown) => ({ output: [{ type: 'message', role: 'assistant', content }] });

const notAnswers: readonly (readonly [string, Step])[] = [
  ['HTML', htmlWith200()],
  ['half of its JSON', truncatedJson()],
  ['a body that is cut', cutBody()],
  ['no body', emptyBody()],
  ['null', failure({ status: 200, body: 'null' })],
  ['a list', failure({ status: 200, body: '[]' })],
  ['a text', failure({ status: 200, body: '"Sure! Here is your summary."' })],
  ['another kind of object', response({ object: 'chat.completion' })],
  ['no model', response({ model: null })],
  ['no output', response({ output: null })],
  ['no status', response({ status: undefined })],
  ['a status of work that goes on', response({ status: 'in_progress' })],
  ['a text part without its text', response(message([{ type: 'output_text' }]))],
  ['a text that is no text', response(message([{ type: 'output_text', text: { value: 'a summary' } }]))],
  ['content that is no list', response(message({ type: 'output_text', text: 'a summary' }))],
  ['a hole in its output', response({ output: [null] })],
];

test.each(notAnswers)(
  'R9 200 with %s: a typed 502 after one retry, and nothing of it in the cache',
  async (_what, step) => {
    await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
    upstream.script(step, step);
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });

    const failed = await weir.post('summarize', body);
    expect([failed.status, failed.body['code'], upstream.requests.length]).toEqual([502, 'upstream_protocol', 2]);
    await expectBooksToAgree(weir, upstream);

    const next = await weir.post('summarize', body);
    expect([next.status, next.headers['x-weir-cache'], upstream.requests.length]).toEqual([200, 'miss', 3]);
  },
);

test.each([
  ['cut at its limit', incomplete({ reason: 'max_output_tokens' }), 502, 'output_invalid'],
  ['cut by the content filter', incomplete({ reason: 'content_filter' }), 422, 'output_refused'],
  ['that is a refusal', refusal(), 422, 'output_refused'],
  ['that is empty', answer({ text: '' }), 502, 'output_invalid'],
])('R9 an answer %s is paid for, asked once, and not cached', async (_what, step, status, code) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(step);
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('summarize', body);
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([status, code, 1]);
  expect(upstream.bill.deliveredPico).toBeGreaterThan(0n);
  await expectBooksToAgree(weir, upstream);
  expect((await weir.post('summarize', body)).headers['x-weir-cache']).toBe('miss');
});

test.each([
  ['a vector too few', (vectors: unknown[]) => vectors.slice(1)],
  ['a vector twice', ([first]: unknown[]) => [first, first]],
  ['an empty vector', ([first]: unknown[]) => [first, { object: 'embedding', index: 1, embedding: [] }]],
  ['a vector of texts', ([first]: unknown[]) => [first, { object: 'embedding', index: 1, embedding: ['0.1'] }]],
])('R9 embeddings with %s are no answer', async (_what, spoil) => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  const vectors = [0, 1].map((index) => ({ object: 'embedding', index, embedding: [0.6, 0.8] }));
  const usage = { prompt_tokens: 2, total_tokens: 2 };
  const spoilt = { object: 'list', model: 'text-embedding-3-small', data: spoil(vectors), usage };
  upstream.otherwise(failure({ status: 200, body: spoilt }));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('embed', { texts: ['a', 'b'], dimensions: 16 });
  expect([reply.status, reply.body['code'], upstream.requests.length]).toEqual([502, 'upstream_protocol', 2]);
});
