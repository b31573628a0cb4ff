import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Detector } from '#redaction/detector.ts';
import { allDetectors } from '#redaction/detectors.ts';
import { exampleOf } from '#redaction/example.ts';
import { createScanner, type Scanner } from '#redaction/scanner.ts';
import { benignCorpora, secretCorpora } from '#test/bench/redaction/corpora.ts';
import { createPlainScanner } from '#test/bench/redaction/plain-engine.ts';

const detectors = allDetectors();

const engine = createScanner(detectors);
const plain = createPlainScanner(detectors);

/** Each match as a line, in one order, whatever found it. */
function matchesOf(scan: Scanner, text: string): string[] {
  const lines = scan(text).map(
    ({ detector, start, end }) => `${start}–${end} ${detector.kind} ${detector.pattern.source}`,
  );
  return lines.sort();
}

const corpora = [
  ...benignCorpora(),
  ...secretCorpora().map(({ name, records }) => ({ name, texts: records.map(({ text }) => text) })),
];

test.each(corpora)(
  'on $name the engine finds what its detectors find as plain regexes, one after another',
  ({ texts }) => {
    for (const text of new Set(texts)) expect(matchesOf(engine, text), text).toEqual(matchesOf(plain, text));
  },
);

test('so it does on random texts made of examples, their halves, signs and noise', () => {
  const examples = detectors.map(({ example }) => exampleOf(example));
  const piece = fc.oneof(
    fc.constantFrom(...examples),
    fc.tuple(fc.constantFrom(...examples), fc.nat(40)).map(([example, cut]) => example.slice(cut)),
    fc.tuple(fc.constantFrom(...examples), fc.nat(40)).map(([example, cut]) => example.slice(0, cut)),
    fc.string({
      unit: fc.constantFrom(' ', '\n', '"', "'", '=', ':', '-', '_', '.', '/', '@', '1', 'a', 'Z', 'ı', '电', '|'),
    }),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      expect(matchesOf(engine, text)).toEqual(matchesOf(plain, text));
    }),
    { seed: 20_261_123, numRuns: 600 },
  );
});

describe('anchors', () => {
  const detector = (anchor: Detector['anchor'], pattern: RegExp): Detector => ({
    kind: 'X',
    category: 'secret',
    anchor,
    pattern,
    longest: 40,
    example: '',
  });
  const places = (anchor: Detector['anchor'], pattern: RegExp, text: string) =>
    createScanner([detector(anchor, pattern)])(text).map(({ start, end }) => text.slice(start, end));

  test('a literal, with case and without, of one unit or many', () => {
    expect(places({ literals: ['abc', 'bcd'] }, /abcd?|bcd/y, 'abcd bcd ABC')).toEqual(['abcd', 'bcd']);
    expect(places({ literals: ['abc'], caseless: true }, /abc/iy, 'aBc ABC')).toEqual(['aBc', 'ABC']);
    expect(places({ literals: ['@'] }, /@\w/y, '@a|@b`@c')).toEqual(['@a', '@b', '@c']);
    expect(places({ literals: ['Q~'] }, /Q~./y, 'Q~1')).toEqual(['Q~1']);
  });

  test('what may stand before a literal is walked back over, no further than told', () => {
    const before = { of: 'a-z', atMost: 3 };
    expect(places({ literals: ['@'], before }, /[a-z]{1,9}@/y, 'ab@ abcdef@ @')).toEqual(['ab@', 'def@']);
    expect(places({ literals: ['@'], before: { ...before, whole: true } }, /b@/y, 'ab@ b@')).toEqual(['b@']);
  });

  test('digits are counted over separators, from the first of a number on', () => {
    const pattern = /\d[\d -]{0,20}/y;
    expect(places({ digits: 4 }, pattern, '12 345678 12 a1b2c3d4')).toEqual(['12 345678 12 ']);
    expect(places({ digits: 3 }, /\d-\d-\d/y, '1-2 1-2-3 电1-2-3')).toEqual(['1-2-3', '1-2-3']);
  });

  test('a run begins behind what is none of letters, digits, _ and -', () => {
    const text = `${'x'.repeat(15)} ${'y'.repeat(16)}.${'z-_9'.repeat(9)}`;
    expect(places({ run: 16 }, /[\w-]{1,40}/y, text)).toEqual(['y'.repeat(16), 'z-_9'.repeat(9)]);
  });
});
