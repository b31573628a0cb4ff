import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonComplete } from '#edge/stop-when/json-complete.ts';
import { corpus } from '#test/support/corpus.ts';
import { holdsForAnyCut, passed, textOf, type Outcome } from './passed.ts';

/** The first beginning of a text that is a JSON value, found by trying all of them. */
function firstValue(text: string): Outcome {
  for (let end = 1; end <= text.length; end++) {
    const beginning = text.slice(0, end);
    if (/\s$/.test(beginning) || !isJson(beginning)) continue;
    const isScalar = !/[\]}"]$/.test(beginning);
    if (!isScalar || /^[ \t\n\r]/.test(text.slice(end))) return { text: beginning, isEnough: true };
  }
  return { text, isEnough: false };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ['{"a": [1, "}"]} and more', '{"a": [1, "}"]}'],
  ['[]x', '[]'],
  [' \n {} ', ' \n {}'],
  ['"a\\"b" c', '"a\\"b"'],
  ['{"a":{"b":[{}]}}{"c":1}', '{"a":{"b":[{}]}}'],
  ['12 monkeys', '12'],
  ['-0.5e+3\n', '-0.5e+3'],
  ['null and void', 'null'],
  ['"\\u00e9\ud83d\ude00" x', '"\\u00e9\ud83d\ude00"'],
])('%j ends after %j', (text, value) => {
  expect(passed(jsonComplete(), [text])).toEqual({ text: value, isEnough: true });
  expect(passed(jsonComplete(), text.split(''))).toEqual({ text: value, isEnough: true });
});

test.each([
  'Here is it: {"a":1}',
  '```json\n{}\n```',
  '1. First {}',
  '12, 13',
  '01 ',
  '00 ',
  '- item []',
  'nullify ',
  'true, {}',
  "{'a': 1}",
  '{"a" 1} ',
  '{"a":1,} ',
  '[1,] ',
  '[1}] ',
  '"a\nb" ',
  '"\\x" ',
  '"\\u12g4" ',
  '\u00a0{}',
  '12',
  '{"a":1',
])('%j cannot be JSON, or is not complete: it never ends', (text) => {
  expect(passed(jsonComplete(), [text])).toEqual({ text, isEnough: false });
});

test('nothing is held back', () => {
  const gate = jsonComplete();
  for (const piece of ['{"a', '":', '[1', '2', ' ,tr', 'ue]']) expect(gate.push(piece).text).toBe(piece);
  expect(gate.push(' } x')).toEqual({ text: ' }', isEnough: true });
});

test('nesting costs no stack; deeper than 10,000 it is taken for none of JSON', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  expect(passed(jsonComplete(), [`${nested(10_000)} x`])).toEqual({ text: nested(10_000), isEnough: true });
  expect(passed(jsonComplete(), [nested(10_001)]).isEnough).toBe(false);
  expect(passed(jsonComplete(), ['['.repeat(1_000_000)]).isEnough).toBe(false);
});

const suite = corpus<{ readonly name: string; readonly bytes_b64: string }>('json-test-suite').map((record) => ({
  name: record.name,
  text: Buffer.from(record.bytes_b64, 'base64').toString(),
}));

test.each(suite)('JSONTestSuite $name ends where the parser says, if anywhere', ({ text }) => {
  const withMore = `${text} x`;
  // Trying all beginnings of the two texts of 100,000 brackets takes minutes; neither has an end.
  const expected = text.length > 50_000 ? { text: withMore, isEnough: false } : firstValue(withMore);
  expect(passed(jsonComplete(), [withMore])).toEqual(expected);
});

test('cutting the text anyhow changes nothing, and the outcome is its first value', () => {
  const almostJson = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), textOf(',', '}', '"', '\\', ' ', '0', '\ud83d'))
    .map(
      ([json, place, noise]) =>
        json.slice(0, place % (json.length + 1)) + noise + json.slice(place % (json.length + 1)),
    );
  const tokens = textOf(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '\\',
    'u00e9',
    '1',
    '0',
    '-',
    '.',
    'e',
    'true',
    'nul',
    ' ',
    '😀',
  );
  const texts = fc.oneof(
    tokens,
    almostJson,
    fc.json().map((json) => ` ${json} tail`),
  );
  holdsForAnyCut(fc.constant(undefined), texts, jsonComplete);
  fc.assert(
    fc.property(texts, (text) => {
      expect(passed(jsonComplete(), [text])).toEqual(firstValue(text));
    }),
    { numRuns: 3_000 },
  );
});
