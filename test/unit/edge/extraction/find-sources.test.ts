import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { findSources } from '#edge/extraction/find-sources.ts';
import { numberPlaces } from '#edge/extraction/number-places.ts';

/** What stands in the text where the sources say that the values do. */
function shown(text: string, value: unknown, origins = new Map<string, { start: number; end: number }>()) {
  const sources = Object.entries(findSources(text, value, origins));
  return Object.fromEntries(sources.map(([pointer, { start, end }]) => [pointer, text.slice(start, end)]));
}

test('each text and number is found where it stands, by its JSON pointer', () => {
  const text = 'Invoice 2026-118 of Mill & Sons: 2 gates at 1,240.50 each.';
  const value = { number: '2026-118', 'a/b~c': ['Mill & Sons'], gates: 2, price: 1240.5, paid: true, due: null };
  expect(findSources(text, value, new Map())).toEqual({
    '/number': { start: 8, end: 16 },
    '/a~1b~0c/0': { start: 20, end: 31 },
    '/gates': { start: 33, end: 34 },
    '/price': { start: 44, end: 52 },
  });
});

test('a value that is the whole answer has the empty pointer', () => {
  expect(shown('So it is 42.', 42)).toEqual({ '': '42' });
});

test('what does not stand there word for word has no source', () => {
  expect(shown('Mill and Sons, 1250', { a: 'Mill & Sons', b: 125, c: 25, d: '' })).toEqual({});
});

test('offsets count UTF-16 units, behind emoji too', () => {
  expect(findSources('😀😀 Anna', { name: 'Anna' }, new Map())).toEqual({ '/name': { start: 5, end: 9 } });
});

test('a part of a word is no source, however often it comes before the word', () => {
  expect(findSources('Annual report by Ann', 'Ann', new Map())).toEqual({ '': { start: 17, end: 20 } });
  expect(findSources(`${'Annual '.repeat(9_000)}Ann`, 'Ann', new Map())).toEqual({
    '': { start: 63_000, end: 63_003 },
  });
  expect(shown('All of EUROPE opened 250 doors', { currency: 'EUR', state: 'open', doors: '25' })).toEqual({});
  expect(shown('Jose\u0301 paid', 'Jose')).toEqual({});
  expect(shown('in 𝐴𝐵𝐶 and 𝐵', '𝐵')).toEqual({ '': '𝐵' });
  expect(findSources('𝐴𝐵𝐶 𝐵', '𝐵', new Map())).toEqual({ '': { start: 7, end: 9 } });
});

test('a number and its unit are two words, and scripts without spaces have a word anywhere', () => {
  expect(shown('12kg for A4', { weight: '12', unit: 'kg', size: '4' })).toEqual({
    '/weight': '12',
    '/unit': 'kg',
    '/size': '4',
  });
  expect(shown('水闸由王芳管理。', { name: '王芳' })).toEqual({ '/name': '王芳' });
  expect(shown('ฝายของสมชายอยู่ที่นี่', { name: 'สมชาย' })).toEqual({ '/name': 'สมชาย' });
});

test('a letter that a model gives ten thousand times from ten thousand words has no source, and takes no time', () => {
  const letters = Array.from({ length: 10_000 }, () => 'e');
  // Without a bound that were a thousand million words to look at.
  expect(findSources('ee '.repeat(50_000), letters, new Map())).toEqual({});
});

test('half of a character is no value, and has no source', () => {
  expect(findSources('a 😀 b', '\ude00', new Map())).toEqual({});
});

test('items of a list are looked for behind one another, with the members of each', () => {
  const text = 'Ann has 5 boats. Bob has 5 boats. Cem has 7 boats.';
  const value = [
    { name: 'Ann', boats: 5 },
    { name: 'Bob', boats: 5 },
    { name: 'Cem', boats: 7 },
  ];
  expect(findSources(text, value, new Map())).toMatchObject({ '/0/boats': { start: 8 }, '/1/boats': { start: 25 } });
});

test('members of the whole value may stand in any order', () => {
  expect(shown('Ulm, 3 May: from Ann', { name: 'Ann', city: 'Ulm' })).toEqual({ '/name': 'Ann', '/city': 'Ulm' });
});

test('a value is looked for in the piece that it came from, its parts too', () => {
  const text = 'Ann, 5. Ann, 5.';
  const origins = new Map([['/0', { start: 8, end: 15 }]]);
  expect(findSources(text, [{ name: 'Ann', n: 5 }], origins)).toEqual({
    '/0/name': { start: 8, end: 11 },
    '/0/n': { start: 13, end: 14 },
  });
  expect(findSources(text, [{ name: 'Ann, 5. A' }], origins)).toEqual({});
});

test.each([
  ['1234.5', 1234.5],
  ['1,234.50', 1234.5],
  ['1.234,5', 1234.5],
  ['1 234,5', 1234.5],
  ['1 234,5', 1234.5],
  ["1'234.5", 1234.5],
  ['1,234,567', 1234567],
  ['1.234', 1.234],
  ['1.234', 1234],
  ['-3', -3],
  ['−3', -3],
  ['0,5', 0.5],
  ['.5', 0.5],
  ['7.00', 7],
  ['1e6', 1e6],
  ['2,500', 2500],
])('%s is read as %d', (written, number) => {
  for (const text of [written, `costs ${written} a day.`, `(${written}kg), ${written}`]) {
    const [place] = numberPlaces(text).get(number) ?? [];
    expect(text.slice(place?.start, place?.end)).toBe(written);
  }
});

test.each([
  ['1250', 250],
  ['12.50', 50],
  ['A4', 4],
  ['3.14.15', 14],
])('%s holds no %d', (text, number) => {
  expect(numberPlaces(text).get(number)).toBeUndefined();
});

test('a dash before a number is none of its sign: 3–5 and 3-5 hold a five', () => {
  expect([numberPlaces('3–5').get(5), numberPlaces('3-5').get(5)]).toEqual([
    [{ start: 2, end: 3 }],
    [{ start: 2, end: 3 }],
  ]);
});

test('the words of any text are found each where it stands, those that come again too', () => {
  const word = fc.stringMatching(/^[a-z]{1,6}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (words) => {
      const text = words.join(' ');
      const sources = findSources(text, words, new Map());
      let start = 0;
      for (const [index, each] of words.entries()) {
        expect(sources[`/${index}`]).toEqual({ start, end: start + each.length });
        start += each.length + 1;
      }
    }),
  );
});

test('any number is found in the spellings that computers print', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), (number) => {
      fc.pre(!String(number).includes('e') && !Object.is(number, -0));
      const text = `It is ${number} or so`;
      const { start, end } = findSources(text, number, new Map())['']!;
      expect(text.slice(start, end)).toBe(String(number));
    }),
  );
});
