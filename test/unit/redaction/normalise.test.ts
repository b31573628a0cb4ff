import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { viewsOf } from '#redaction/normalise/views.ts';
import { encodings } from '#test/support/encodings.ts';

const seed = 20_261_122;
/** What stands around: any text at all, also halves of pairs, signs of encodings and lines. */
const around = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\\', '\\\\n', '%', '%4', '&amp', '\n', '\ud835', 'é', '😀', 'QUJD', '\u200b'),
    ),
  )
  .map((parts) => parts.join(''));

/** Where `hidden` stands in the original, by the first view that shows it. */
function placeOf(text: string, hidden: string): { start: number; end: number } | undefined {
  for (const view of viewsOf(text)) {
    const at = view.text.indexOf(hidden);
    if (at !== -1) return view.toOriginal(at, at + hidden.length);
  }
  return undefined;
}

const hidden = 'ada.lovelace@post.example';

test.each(Object.entries(encodings).filter(([, encode]) => encode('ab') !== encode('a') + encode('b')))(
  'D5 %s, whatever stands around: the view shows the text, and its place lies within the encoded part',
  (_name, encode) => {
    fc.assert(
      fc.property(around, around, (before, after) => {
        const encoded = encode(hidden);
        const place = placeOf(`${before} ${encoded} ${after}`, hidden);
        expect(place).toBeDefined();
        expect(place!.start).toBeGreaterThan(before.length);
        expect(place!.end).toBeLessThanOrEqual(before.length + 1 + encoded.length);
      }),
      { seed, numRuns: 100 },
    );
  },
);

test.each(Object.entries(encodings).filter(([, encode]) => encode('ab') === encode('a') + encode('b')))(
  'D5 %s, whatever stands around: the place is the encoded text, no more and no less',
  (_name, encode) => {
    fc.assert(
      fc.property(around, around, (before, after) => {
        const text = `${before} ${encode(hidden)} ${after}`;
        const place = placeOf(text, hidden);
        expect(place).toBeDefined();
        // An unseen mark at either end belongs to nobody.
        const slice = text.slice(place!.start, place!.end);
        expect(encode(hidden)).toContain(slice);
        expect(encode(hidden).length - slice.length).toBeLessThanOrEqual(2);
        expect(place!.start).toBeGreaterThan(before.length);
      }),
      { seed, numRuns: 100 },
    );
  },
);

test('of base64 the groups of four signs are told that hold the text, with the padding if it is the end', () => {
  for (const before of ['', 'a', 'ab', 'abc', 'é: ', 'key = ']) {
    for (const after of ['', '!', '!!', '\n and more']) {
      const encoded = Buffer.from(before + hidden + after).toString('base64');
      const { start, end } = placeOf(`see ${encoded} there`, hidden) ?? { start: 0, end: 0 };
      expect((start - 4) % 4).toBe(0);
      expect(Buffer.from(`see ${encoded} there`.slice(start, end), 'base64').toString('latin1')).toContain(hidden);
      expect(end - start).toBeLessThanOrEqual(4 * Math.ceil(hidden.length / 3) + 4);
      if (after === '') expect(end).toBe(4 + encoded.length);
    }
  }
});

test.each([
  ['base64 in a URL in JSON', JSON.stringify(encodeURIComponent(Buffer.from(hidden).toString('base64')))],
  ['a URL in JSON in base64', Buffer.from(JSON.stringify(encodeURIComponent(hidden))).toString('base64')],
  [
    'full-width forms in \\u escapes in a URL',
    encodeURIComponent(escaped(encodings['full-width forms']?.(hidden) ?? '')),
  ],
])('D5 %s: three layers are taken off', (_what, text) => {
  const { start, end } = placeOf(`"${text}"`, hidden) ?? { start: -1, end: -1 };
  expect(start).toBeGreaterThanOrEqual(1);
  expect(end).toBeLessThanOrEqual(text.length + 1);
});

function escaped(text: string): string {
  return text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
}

test('both alphabets of base64 are read', () => {
  for (const encoding of ['base64', 'base64url'] as const) {
    const encoded = Buffer.from('>>>???~~~ßß ada').toString(encoding);
    expect(Array.from(viewsOf(encoded), (view) => view.text)).toEqual(['\0>>>???~~~']);
  }
});

test('what stands between two escapes is told without them', () => {
  const [view] = viewsOf('x\\x41B\\x43');
  expect(view?.text).toBe('xABC');
  expect(view?.toOriginal(1, 2)).toEqual({ start: 1, end: 5 });
  expect(view?.toOriginal(2, 3)).toEqual({ start: 5, end: 6 });
  expect(view?.toOriginal(0, 1)).toEqual({ start: 0, end: 1 });
});

test('a text without encodings has no views, and only the lines that changed are in one, each after its neighbour', () => {
  expect([
    ...viewsOf('Prose, with “quotes”, an é, a — dash, 😀 and 100 % && more; functions/redaction/detector.ts'),
  ]).toEqual([]);
  const view = [...viewsOf('one\ntwo\nthree\\x21\nfour\nfive\nsix\nsev\\x65n')][0];
  expect(view?.text).toBe('two\nthree!\nsix\nseven');
  expect(view?.toOriginal(18, 20)).toEqual({ start: 35, end: 40 });
});

test.each([
  ['a hash', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['a long identifier', 'createRestoringGateForStreamedAnswers_v2'],
  ['a path', '/functions/redaction/normalise/base64/views'],
  ['random bytes', createHash('shake256', { outputLength: 3000 }).update('noise').digest('base64')],
])('what is no encoded text shows none: %s', (_what, text) => {
  const shown = [...viewsOf(text)].map((view) => view.text).join('');
  expect(shown.length).toBeLessThan(text.length / 50);
});

test('all views of a text together are at most twice as long as it and 4 KB, whatever it is', () => {
  const piece = fc.oneof(
    fc.string(),
    ...Object.values(encodings).map((encode) => fc.string({ minLength: 9 }).map(encode)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      const total = [...viewsOf(text)].reduce((sum, view) => sum + view.text.length, 0);
      expect(total).toBeLessThanOrEqual(2 * text.length + 4096);
    }),
    { seed, numRuns: 200 },
  );
});

test('where two layers are as long as the text, a third is not read', () => {
  const deep = `${'so be it, '.repeat(20)}%5Cx2541\n`;
  const shown = (text: string) => Array.from(viewsOf(text), (view) => view.text.slice(200, 203));
  expect(shown(deep)).toEqual(['\\x2', '%41', 'A']);
  expect(shown(deep.repeat(100))).toEqual(['\\x2', '%41']);
});

const units = [
  '\\',
  '\\u',
  '\\u00',
  '%',
  '%25',
  '%2',
  '&',
  '&amp;',
  '&#',
  '\u200b',
  '\uff21',
  '\ud835',
  'QUJDREVGR0hJSktM',
  'a/',
  'A',
  '\\n',
  '\\n\n',
  '%41\n',
];

test.each(units)('D7 100 KB of %j: less than 250 ms', (unit) => {
  const text = unit.repeat(Math.ceil(100_000 / unit.length));
  const times = [1, 2, 3].map(() => {
    const from = performance.now();
    for (const view of viewsOf(text)) view.toOriginal(0, view.text.length);
    return performance.now() - from;
  });
  expect(Math.min(...times)).toBeLessThan(250);
});
