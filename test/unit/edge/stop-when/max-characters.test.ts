import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxCharacters } from '#edge/stop-when/max-characters.ts';
import { holdsForAnyCut, passed } from './passed.ts';

test('so many characters pass, and there is enough with the last of them', () => {
  expect(passed(maxCharacters(3), ['ab', 'cd'])).toEqual({ text: 'abc', isEnough: true });
  expect(passed(maxCharacters(3), ['ab', 'c'])).toEqual({ text: 'abc', isEnough: true });
  expect(passed(maxCharacters(3), ['ab'])).toEqual({ text: 'ab', isEnough: false });
});

test('a character is a code point: it counts as one, and is never cut in two', () => {
  expect(passed(maxCharacters(2), ['😀😀😀'])).toEqual({ text: '😀😀', isEnough: true });
  const gate = maxCharacters(2);
  expect(gate.push('a\ud83d')).toEqual({ text: 'a', isEnough: false });
  expect(gate.push('\ude00b')).toEqual({ text: '😀', isEnough: true });
});

test('half a pair without its other half counts as one, and is not lost', () => {
  expect(passed(maxCharacters(2), ['a\ud83d'])).toEqual({ text: 'a\ud83d', isEnough: false });
  expect(passed(maxCharacters(2), ['a\ud83d', 'b'])).toEqual({ text: 'a\ud83d', isEnough: true });
});

test('cutting the text anyhow changes nothing, and the outcome is its first characters', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('a', '😀', '\ud83d', '\ude00') }),
  );
  holdsForAnyCut(fc.integer({ min: 1, max: 12 }), texts, maxCharacters);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), texts, (most, text) => {
      const expected = Array.from(text).slice(0, most).join('');
      expect(passed(maxCharacters(most), text.split('')).text).toBe(expected);
    }),
  );
});
