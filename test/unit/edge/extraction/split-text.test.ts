import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitText } from '#edge/extraction/split-text.ts';

const partsOf = (text: string, maxBytes: number) =>
  splitText(text, maxBytes).map(({ start, end }) => text.slice(start, end));

test('a text that fits is one piece', () => {
  expect(splitText('A weir is a low wall.')).toEqual([{ start: 0, end: 21 }]);
});

test('paragraphs are the best borders, and nothing is repeated over them', () => {
  const paragraph = 'It holds the water. It measures it.';
  expect(partsOf([paragraph, paragraph, paragraph].join('\n\n'), 40)).toEqual([
    `${paragraph}\n\n`,
    `${paragraph}\n\n`,
    paragraph,
  ]);
});

test('within a paragraph sentences are, and the next piece begins some sentences earlier', () => {
  const sentences = Array.from({ length: 40 }, (_, at) => `Sentence number ${at} is here.`);
  const parts = partsOf(sentences.join(' '), 300);
  expect(parts.length).toBeGreaterThan(3);
  for (const [index, part] of parts.entries()) {
    expect(part).toMatch(/^Sentence number \d+ .*here\. ?$/);
    if (index === 0) continue;
    const [first] = /^Sentence number \d+ is here\./.exec(part)!;
    expect(parts[index - 1]).toContain(first);
  }
});

test('marks of Chinese sentences are borders, though no space follows', () => {
  const text = '堰是横跨河流的矮墙。'.repeat(20);
  for (const part of partsOf(text, 150)) expect(part).toMatch(/^堰.*。$/u);
});

test('a text without any border is cut, but no character is', () => {
  const parts = partsOf('😀'.repeat(100), 41);
  expect(parts.every((part) => part.isWellFormed() && Buffer.byteLength(part) <= 41)).toBe(true);
});

test('300,000 characters are few pieces, whatever the script, each below its bytes', () => {
  for (const [unit, most] of [
    ['The gate was opened at dawn. ', 14],
    ['闸门在黎明时打开。', 42],
  ] as const) {
    const text = unit.repeat(40_000).slice(0, 300_000);
    const pieces = splitText(text);
    expect(pieces.length).toBeLessThanOrEqual(most);
    for (const { start, end } of pieces) expect(Buffer.byteLength(text.slice(start, end))).toBeLessThanOrEqual(32_000);
  }
});

test('pieces are in order, leave nothing out, overlap a little, and fit, for any text', () => {
  const unit = fc.constantFrom('a', 'é', '水', '😀', '\ud800', ' ', '. ', '。', '\n', '\n\n', '"');
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 600 }), fc.integer({ min: 16, max: 200 }), (units, maxBytes) => {
      const text = units.join('');
      const pieces = splitText(text, maxBytes);
      expect([pieces[0]!.start, pieces.at(-1)!.end]).toEqual([0, text.length]);
      for (const [index, { start, end }] of pieces.entries()) {
        expect(Buffer.byteLength(text.slice(start, end))).toBeLessThanOrEqual(maxBytes);
        const before = pieces[index - 1];
        if (!before) continue;
        expect(start).toBeGreaterThan(before.start);
        expect(start).toBeLessThanOrEqual(before.end);
        expect(end).toBeGreaterThan(before.end);
      }
    }),
  );
});
