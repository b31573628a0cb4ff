import { expect, test } from 'vitest';
import { estimateTokens } from '#context/token-estimate.ts';

test.each([
  ['', 0],
  ['a', 1],
  ['wall', 1],
  ['a low wall', 3],
  ['aLowWall', 3],
  ['123', 1],
  ['1234', 2],
  ['{}', 1],
  ['=============', 6],
  [' ', 0],
  ['\n', 1],
  ['\n      ', 1],
  ['日本', 2],
  ['🐟', 2],
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

// Counts by js-tiktoken 1.0.21 with o200k; `npm run bench` counts longer texts anew.
test.each([
  ['Everything that passes is held to a level, and measured.', 12],
  ['Alles, was hindurchgeht, wird auf einer Höhe gehalten und gemessen.', 16],
  [
    'Плотина — это невысокая стена поперёк реки. Всё, что проходит через неё, удерживается на одном уровне и измеряется. Люди строят их четыре тысячи лет, чтобы питать мельницы и каналы.',
    52,
  ],
  ['जो कुछ भी वहाँ से गुज़रता है, उसे एक स्तर पर रखा जाता है।', 18],
  ['人们修建堰坝，为磨坊和运河供水。', 16],
  ['    return { ...entry, costPico: price.pico < boundPico ? price.pico : boundPico };\n', 26],
  ['{"name":"weir","levels":[1.25,1.5],"open":true}', 20],
])('the estimate of %j is within a quarter of what a tokenizer counts', (text, tokens) => {
  expect(estimateTokens(text) / tokens).toBeGreaterThan(0.75);
  expect(estimateTokens(text) / tokens).toBeLessThan(1.25);
});
