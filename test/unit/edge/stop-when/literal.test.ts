import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { untilLiteral } from '#edge/stop-when/literal.ts';
import { holdsForAnyCut, passed, textOf } from './passed.ts';

test('the text ends before the literal, which is no part of it', () => {
  expect(passed(untilLiteral('END'), ['one END two'])).toEqual({ text: 'one ', isEnough: true });
  expect(passed(untilLiteral('END'), ['END'])).toEqual({ text: '', isEnough: true });
  expect(passed(untilLiteral('END'), ['E', 'N', 'D'])).toEqual({ text: '', isEnough: true });
});

test('only what may be the beginning of the literal is held back, until it is known to be none', () => {
  const gate = untilLiteral('END');
  expect(gate.push('one EN').text).toBe('one ');
  expect(gate.push('EE').text).toBe('ENE');
  expect(gate.push('x').text).toBe('Ex');
  expect(gate.push('E').text).toBe('');
  expect(gate.end()).toBe('E');
});

test('a literal that repeats itself is found where it begins within its own beginning', () => {
  expect(passed(untilLiteral('aab'), ['aaab'])).toEqual({ text: 'a', isEnough: true });
  expect(passed(untilLiteral('abcabd'), ['abcab', 'cabd'])).toEqual({ text: 'abc', isEnough: true });
});

test('a million units of a literal almost found are looked at once each', () => {
  const literal = `${'a'.repeat(999)}b`;
  const gate = untilLiteral(literal);
  let length = 0;
  for (let count = 0; count < 1_000_000; count++) length += gate.push('a').text.length;
  expect(length).toBe(999_001);
  expect(gate.push('b')).toEqual({ text: '', isEnough: true });
});

test('cutting the text anyhow changes nothing, and the outcome ends where the literal first stands', () => {
  const literals = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom('😀', '😁', 'a'), minLength: 1, maxLength: 3 }),
  );
  const texts = textOf('a', 'aa', 'b', 'ab', '😀', '😁', '\ud83d', '\ude00');
  holdsForAnyCut(literals, texts, untilLiteral);
  fc.assert(
    fc.property(literals, texts, (literal, text) => {
      const place = text.indexOf(literal);
      const expected = { text: place < 0 ? text : text.slice(0, place), isEnough: place >= 0 };
      expect(passed(untilLiteral(literal), text.split(''))).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});
