import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { usageOfEmbeddings, usageOfResponse } from '#upstream/normalise-usage.ts';

const plain = {
  inputTokens: 10,
  cachedInputTokens: 0,
  cacheWrite30mTokens: 0,
  cacheWrite12hTokens: 0,
  outputTokens: 5,
  reasoningTokens: 0,
};

test('L10 each kind of token is found where OpenAI puts it', () => {
  const reported = {
    input_tokens: 100,
    input_tokens_details: {
      cached_tokens: 20,
      cache_write_tokens: 30,
      cache_write_tokens_details: { ttl_30m_tokens: 18, ttl_12h_tokens: 12 },
    },
    output_tokens: 50,
    output_tokens_details: { reasoning_tokens: 40 },
    total_tokens: 150,
  };
  expect(usageOfResponse(reported)).toEqual({
    inputTokens: 100,
    cachedInputTokens: 20,
    cacheWrite30mTokens: 18,
    cacheWrite12hTokens: 12,
    outputTokens: 50,
    reasoningTokens: 40,
  });
});

test.each([
  ['no details', {}],
  ['null details', { input_tokens_details: null, output_tokens_details: null }],
  ['empty details', { input_tokens_details: {}, output_tokens_details: {} }],
])('L10 with %s all is plain input and output', (_what, details) => {
  expect(usageOfResponse({ input_tokens: 10, output_tokens: 5, ...details })).toEqual(plain);
});

test('L10 writes without a split by lifetime are of the default lifetime, and the rest of a half split is', () => {
  const written = (details: object) =>
    usageOfResponse({ input_tokens: 10, output_tokens: 5, input_tokens_details: details });
  expect(written({ cache_write_tokens: 8 })).toEqual({ ...plain, cacheWrite30mTokens: 8 });
  expect(written({ cache_write_tokens: 8, cache_write_tokens_details: { ttl_12h_tokens: 3 } })).toEqual({
    ...plain,
    cacheWrite30mTokens: 5,
    cacheWrite12hTokens: 3,
  });
});

test.each([
  undefined,
  null,
  {},
  'many',
  { input_tokens: 1 },
  { output_tokens: 1 },
  { input_tokens: null, output_tokens: 1 },
])('usage that is missing is missing, and not zero: %o', (reported) => {
  expect(usageOfResponse(reported)).toBeUndefined();
  expect(usageOfEmbeddings(reported)).toBeUndefined();
});

test('whatever is reported, what comes of it is counts or nothing', () => {
  const odd = fc.oneof(fc.nat(), fc.integer(), fc.double(), fc.constantFrom(null, undefined, '5', {}, true));
  const reported = fc.record(
    {
      input_tokens: odd,
      output_tokens: odd,
      input_tokens_details: fc.record({
        cached_tokens: odd,
        cache_write_tokens: odd,
        cache_write_tokens_details: fc.record({ ttl_12h_tokens: odd, ttl_30m_tokens: odd }),
      }),
      output_tokens_details: fc.record({ reasoning_tokens: odd }),
      prompt_tokens: odd,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(reported, fc.jsonValue()), (any) => {
      for (const usage of [usageOfResponse(any), usageOfEmbeddings(any)]) {
        for (const tokens of Object.values(usage ?? {})) {
          expect(Number.isSafeInteger(tokens) && tokens >= 0).toBe(true);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('embeddings have input alone', () => {
  expect(usageOfEmbeddings({ prompt_tokens: 10, total_tokens: 10 })).toEqual({ ...plain, outputTokens: 0 });
});
