import { expect, test } from 'vitest';
import { beginningOf } from '#redaction/beginning-of.ts';
import { allDetectors } from '#redaction/detectors.ts';
import { exampleOf } from '#redaction/example.ts';

const detectors = allDetectors();

function mayBegin(pattern: RegExp, text: string, behind?: number): boolean {
  const beginning = beginningOf(pattern, behind);
  beginning.lastIndex = 0;
  return beginning.test(text);
}

test('D9 each beginning of what a pattern matches is known as one, and nothing else', () => {
  const date = /(?<!\d)(?<year>\d{4})([-/])(?:0[1-9]|1[0-2])\2\d\d(?!\d)/y;
  for (const text of ['2', '2026', '2026-', '2026-1', '2026-11-2', '2026-11-22'])
    expect(mayBegin(date, text), text).toBe(true);
  for (const text of ['x', '20x', '2026-13', '2026-11/', '2026-11-22 ', '2026-11-223']) {
    expect(mayBegin(date, text), text).toBe(false);
  }
});

test('D9 what a pattern looks at ahead may be undecided', () => {
  const number = /\d{3}(?![.-]\d)/y;
  expect(mayBegin(number, '123.')).toBe(true);
  expect(mayBegin(number, '123. ')).toBe(false);
  expect(mayBegin(number, '123, ', 2)).toBe(true);
  expect(mayBegin(number, '123, 4', 2)).toBe(false);
  const licence = /(?=[a-z]{0,2}\d)[a-z\d]{4}/iy;
  expect(mayBegin(licence, 'ab')).toBe(true);
  expect(mayBegin(licence, 'abc')).toBe(false);
});

test('D9 nested classes, escapes and lazy repetitions are read as they are meant', () => {
  const odd = /[[a-z]--[x]]{2,4}?\u{1f600}\p{Lu}[^\]]\]$/vy;
  for (const text of ['a', 'abcd', 'ab😀', 'ab😀Ä', 'ab😀Ä(', 'ab😀Ä(]']) expect(mayBegin(odd, text), text).toBe(true);
  for (const text of ['ax', 'abcde', 'ab😀ä', 'ab😀Ä]]x']) expect(mayBegin(odd, text), text).toBe(false);
});

test.each(detectors.map((detector) => [detector.kind, detector.pattern.source.slice(0, 60), detector] as const))(
  'D9 %s (%s): each beginning of its example is known as one',
  (_kind, _source, { pattern, example }) => {
    const plain = new RegExp(pattern.source, pattern.flags.replace('y', 'g'));
    // Some want a host behind them.
    const text =
      [exampleOf(example), `${exampleOf(example)}host`].find((possible) => possible.search(plain) >= 0) ?? '';
    const { index = 0, 0: whole = '' } = [...text.matchAll(plain)][0] ?? {};
    expect(whole).not.toBe('');
    const beginning = beginningOf(pattern);
    for (let end = index + 1; end <= index + whole.length; end += 1) {
      beginning.lastIndex = index;
      expect(beginning.test(text.slice(0, end)), text.slice(index, end)).toBe(true);
    }
  },
);
