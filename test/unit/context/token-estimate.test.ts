import { expect, test } from 'vitest';
import { estimateTokens } from '#context/token-estimate.ts';

test.each([
  ['', 0],
  ['a', 1],
  ['abcd', 1],
  ['abcde', 2],
  ['123', 1],
  ['1234', 2],
  ['{}', 2],
  ['日本', 2],
  ['\n', 1],
])('%j counts as %i', (text, tokens) => {
  expect(estimateTokens(text)).toBe(tokens);
});

// Counts by OpenAI's own tokenizer (o200k), as its cookbook gives them.
test.each([
  ['tiktoken is great!', 6],
  ['The quick brown fox jumps over the lazy dog.', 10],
  ['antidisestablishmentarianism', 6],
  ['お誕生日おめでとう', 8],
])('the estimate of %j is within a third, or two tokens, of the count of the real tokenizer', (text, tokens) => {
  expect(Math.abs(estimateTokens(text) - tokens)).toBeLessThanOrEqual(Math.max(2, tokens / 3));
});
