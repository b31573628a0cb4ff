import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { fieldFaults } from '#edge/field-faults.ts';
import { inARow } from '#protocol/gates-in-a-row.ts';
import { untilLiteral } from '#edge/stop-when/literal.ts';
import { maxCharacters } from '#edge/stop-when/max-characters.ts';
import { maxSentences } from '#edge/stop-when/max-sentences.ts';
import { newStopGate, stopWhen, type StopWhen } from '#edge/stop-when/stop-when.ts';
import { holdsForAnyCut, passed, textOf } from './passed.ts';

function faults(wish: unknown): string[] {
  const { error } = z.strictObject({ stop_when: stopWhen }).safeParse({ stop_when: wish });
  return error ? fieldFaults(error, { stop_when: wish }).map(({ message }) => message) : [];
}

test('each condition may stand alone, or with the others', () => {
  const all = { max_characters: 10_000_000, max_sentences: 1_000, literal: 'x'.repeat(1_000), json: true };
  expect(faults(all)).toEqual([]);
  for (const [name, value] of Object.entries(all)) expect(faults({ [name]: value })).toEqual([]);
});

test('a wish out of bounds is told by its field and its limit', () => {
  expect(faults({})).toEqual(['stop_when must name at least one condition']);
  expect(faults({ max_characters: 0 })[0]).toBe('stop_when.max_characters must be at least 1, but 0 was provided');
  expect(faults({ max_sentences: 1_001 })[0]).toBe(
    'stop_when.max_sentences must be at most 1,000, but 1001 was provided',
  );
  expect(faults({ max_characters: 10_000_001 })).toHaveLength(1);
  expect(faults({ max_sentences: 1.5 })).toHaveLength(1);
  expect(faults({ literal: '' })).toHaveLength(1);
  expect(faults({ literal: 'x'.repeat(1_001) })).toHaveLength(1);
  expect(faults({ literal: 'x\ud83d' })).toEqual(['stop_when.literal must not hold half of a surrogate pair']);
  expect(faults({ json: false })).toEqual(['stop_when.json must be true, but false was provided']);
  expect(faults({ json: true, words: 3 })).toEqual(['stop_when.words is not a known field']);
});

test('its JSON Schema says that one condition must be there', () => {
  expect(z.toJSONSchema(stopWhen, { io: 'input' })).toMatchObject({ minProperties: 1, additionalProperties: false });
});

test('each wish makes the gate of its name', () => {
  const text = '{"a": "One. Two END"} tail';
  const outcome = (wish: StopWhen) => passed(newStopGate(wish), [text]).text;
  expect(outcome({ max_characters: 3 })).toBe('{"a');
  expect(outcome({ max_sentences: 1 })).toBe('{"a": "One.');
  expect(outcome({ literal: 'END' })).toBe('{"a": "One. Two ');
  expect(outcome({ json: true })).toBe('{"a": "One. Two END"}');
});

test('of several conditions the first that is met wins', () => {
  const text = '{"a": "One. Two END"} tail';
  const outcome = (wish: StopWhen) => passed(newStopGate(wish), text.split('')).text;
  expect(outcome({ max_characters: 12, max_sentences: 1, literal: 'END', json: true })).toBe('{"a": "One.');
  expect(outcome({ max_characters: 5, max_sentences: 1, literal: 'END', json: true })).toBe('{"a":');
  expect(outcome({ max_characters: 20, max_sentences: 2, literal: 'END', json: true })).toBe('{"a": "One. Two ');
  expect(outcome({ max_sentences: 2, literal: 'tail', json: true })).toBe('{"a": "One. Two END"}');
});

test('a literal that was not whole when another condition was met is no literal', () => {
  expect(passed(newStopGate({ max_characters: 4, literal: 'END' }), ['abEND'])).toEqual({
    text: 'abEN',
    isEnough: true,
  });
  expect(passed(newStopGate({ max_characters: 5, literal: 'END' }), ['abEND'])).toEqual({ text: 'ab', isEnough: true });
});

test('a sentence is over where it ended, though that was known later than another condition was met', () => {
  const wish = { max_characters: 6, max_sentences: 1 };
  expect(passed(newStopGate(wish), ['One...', '  Two'])).toEqual({ text: 'One...', isEnough: true });
  expect(passed(newStopGate({ ...wish, max_characters: 7 }), ['One... ', ' Two'])).toEqual({
    text: 'One...',
    isEnough: true,
  });
  expect(passed(newStopGate({ ...wish, max_characters: 7 }), ['One... ', 'two'])).toEqual({
    text: 'One... ',
    isEnough: true,
  });
});

test('what was held back to the end of the text passes the other conditions too', () => {
  const wish = { max_characters: 7, max_sentences: 1 };
  expect(passed(newStopGate(wish), ['One...   '])).toEqual({ text: 'One... ', isEnough: false });
});

test('gates in a row: the end of one reaches those behind it', () => {
  const row = () => inARow([untilLiteral('abc'), maxSentences(1), untilLiteral('b!')]);
  expect(passed(row(), ['x ab'])).toEqual({ text: 'x ab', isEnough: false });
  expect(passed(inARow([untilLiteral('xyz'), untilLiteral('y')]), ['axy'])).toEqual({ text: 'ax', isEnough: false });
  expect(passed(inARow([]), ['a', 'b'])).toEqual({ text: 'ab', isEnough: false });
});

const wishes = fc
  .record(
    {
      max_characters: fc.integer({ min: 1, max: 12 }),
      max_sentences: fc.integer({ min: 1, max: 2 }),
      literal: fc.constantFrom('a', 'aab', '. "', '😀', '}'),
      json: fc.constant(true as const),
    },
    { requiredKeys: [] },
  )
  .filter((wish) => Object.keys(wish).length > 0);

const texts = textOf('a', 'aa', 'b', '. ', '... ', '"', '{', '}', '{"a":1}', '[1]', '1 ', '😀', '\ud83d', 'B', ' ');

test('cutting the text anyhow changes nothing, whatever the conditions', () => {
  holdsForAnyCut(wishes, texts, newStopGate, true);
});

test('the outcome of several conditions is that of the one whose last character comes first', () => {
  fc.assert(
    fc.property(wishes, texts, (wish, text) => {
      // Where each is met by itself: a literal behind its last unit, any other with the last that passes.
      const met = Object.entries(wish).flatMap(([name, value]) => {
        const outcome = passed(newStopGate({ [name]: value }), [text]);
        if (!outcome.isEnough) return [];
        return [{ ...outcome, at: outcome.text.length + (name === 'literal' ? String(value).length : 0) }];
      });
      met.sort((one, other) => one.at - other.at || one.text.length - other.text.length);
      expect(passed(newStopGate(wish), [text]).text).toBe(met[0]?.text ?? text);
    }),
    { numRuns: 5_000 },
  );
});

test('half a pair at the end of a text with too few characters is not lost in a row', () => {
  const row = inARow([maxCharacters(5), untilLiteral('x'), maxSentences(1)]);
  expect(passed(row, ['ab\ud83d'])).toEqual({ text: 'ab\ud83d', isEnough: false });
});
