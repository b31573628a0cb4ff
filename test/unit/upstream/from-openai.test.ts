import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { UpstreamFailure } from '#upstream/failure.ts';
import { readEmbeddings, readResponse } from '#upstream/from-openai.ts';

const response = (changes: object = {}) => ({
  object: 'response',
  model: 'gpt-6-luna-2026-09-22',
  status: 'completed',
  service_tier: 'default',
  _request_id: 'req_1',
  usage: { input_tokens: 3, output_tokens: 2 },
  output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hello.' }] }],
  ...changes,
});
const failureOf = (read: () => unknown) => {
  try {
    read();
  } catch (error) {
    if (error instanceof UpstreamFailure) return error;
    throw error;
  }
  throw new Error('it was taken for an answer');
};

test('an answer becomes its texts and one finish, with what the reply says of itself', () => {
  expect(readResponse(response())).toMatchObject({
    served: {
      model: 'gpt-6-luna-2026-09-22',
      serviceTier: 'default',
      requestId: 'req_1',
      usage: { inputTokens: 3, outputTokens: 2 },
    },
    events: [
      { type: 'text', text: 'Hello.' },
      { type: 'finish', reason: 'stop' },
    ],
  });
});

test('reasoning and other items beside the answer are passed over', () => {
  const output = [{ type: 'reasoning', summary: [] }, { type: 'web_search_call' }, ...response().output];
  expect(readResponse(response({ output })).events).toHaveLength(2);
});

test.each([
  ['a refusal', { output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }] }, 'refusal'],
  ['a tool call', { output: [{ type: 'function_call', call_id: 'c', name: 'n', arguments: '{}' }] }, 'tool-calls'],
  ['the output limit', { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }, 'length'],
  ['the filter', { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }, 'content-filter'],
  ['an unknown reason', { status: 'incomplete', incomplete_details: null }, 'length'],
])('%s is told by the finish', (_what, changes, reason) => {
  expect(readResponse(response(changes)).events.at(-1)).toEqual({ type: 'finish', reason });
});

test('a response that says it failed is a failure with its usage, for that was billed', () => {
  const failed = failureOf(() =>
    readResponse(response({ status: 'failed', output: [], error: { code: 'server_error' } })),
  );
  expect([failed.failure.class, failed.served?.usage?.inputTokens]).toEqual(['failed', 3]);
  const throttled = response({ status: 'failed', output: [], error: { code: 'rate_limit_exceeded' } });
  expect(failureOf(() => readResponse(throttled)).failure.class).toBe('throttled');
});

test.each([
  ['a function call without arguments', { type: 'function_call', call_id: 'c', name: 'n' }],
  ['a function call without a name', { type: 'function_call', call_id: 'c', arguments: '{}' }],
  ['a message without content', { type: 'message' }],
  ['a text part without text', { type: 'message', content: [{ type: 'output_text' }] }],
  ['a refusal without words', { type: 'message', content: [{ type: 'refusal' }] }],
  ['a part that is null', { type: 'message', content: [null] }],
])('R9 %s is no answer', (_what, item) => {
  const { failure } = failureOf(() => readResponse(response({ output: [item] })));
  expect(failure).toMatchObject({ class: 'protocol', status: 200 });
});

test('R9 whatever JSON comes, it is an answer with one finish at its end, or a failure', () => {
  const member = fc.constantFrom('object', 'model', 'status', 'output', 'usage', 'error', 'incomplete_details');
  const spoilt = fc.tuple(member, fc.jsonValue()).map(([name, value]) => response({ [name]: value }));
  const items = fc.array(fc.jsonValue()).map((output) => response({ output }));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), spoilt, items), (body) => {
      let reply;
      try {
        reply = readResponse(body);
      } catch (error) {
        expect(error).toBeInstanceOf(UpstreamFailure);
        return;
      }
      expect(reply.events.filter(({ type }) => type === 'finish')).toHaveLength(1);
      expect(reply.events.at(-1)?.type).toBe('finish');
    }),
    { numRuns: 2_000 },
  );
});

const embeddings = (...rows: readonly (readonly [number, unknown])[]) => ({
  model: 'text-embedding-3-small',
  usage: { prompt_tokens: 4 },
  data: rows.map(([index, embedding]) => ({ index, embedding })),
});

test('vectors come in the order of their texts, in whatever order they arrive', () => {
  const { events, served } = readEmbeddings(embeddings([1, [3, 4]], [0, [1, 2]]), 2);
  expect(events).toEqual([
    {
      type: 'vectors',
      vectors: [
        [1, 2],
        [3, 4],
      ],
    },
    { type: 'finish', reason: 'stop' },
  ]);
  expect(served.usage?.inputTokens).toBe(4);
});

test.each([
  ['one too few', embeddings([0, [1]])],
  ['one too many', embeddings([0, [1]], [1, [1]], [2, [1]])],
  ['an index twice', embeddings([0, [1]], [0, [1]])],
  ['an index beyond the end', embeddings([0, [1]], [2, [1]])],
  ['an empty vector', embeddings([0, [1]], [1, []])],
  ['base64', embeddings([0, [1]], [1, 'AACAPw=='])],
  ['a hole', { ...embeddings([0, [1]]), data: [null, { index: 0, embedding: [1] }] }],
  ['no model', { ...embeddings([0, [1]], [1, [1]]), model: null }],
  ['no data', {}],
  ['nothing', undefined],
])('R9 vectors with %s are no answer', (_what, body) => {
  expect(failureOf(() => readEmbeddings(body, 2)).failure.class).toBe('protocol');
});
