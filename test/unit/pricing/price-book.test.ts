import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { priceBook, priceNotes } from '#pricing/price-book.ts';
import { parsePriceLine } from '#pricing/price-row.ts';

const rows = priceBook.map(parsePriceLine);
const isoDay = /^\d{4}-\d{2}-\d{2}$/;

function isDay(text: string): boolean {
  return isoDay.test(text) && new Date(text).toISOString().startsWith(text);
}

test.each(rows.map((row) => [row.id, row] as const))('the line %s is sound', (_id, row) => {
  expect(row.effectiveFrom === null || isDay(row.effectiveFrom)).toBe(true);
  expect(isDay(row.asOf)).toBe(true);
  expect(row.source).not.toBe('');

  expect(row.inputPicoUsd >= 0n).toBe(true);
  expect(row.cachedInputPicoUsd <= row.inputPicoUsd).toBe(true);
  expect(row.cacheWrite30mPicoUsd >= row.inputPicoUsd).toBe(true);
  expect(row.cacheWrite12hPicoUsd >= row.cacheWrite30mPicoUsd).toBe(true);
  expect(row.outputPicoUsd === null || row.outputPicoUsd > row.inputPicoUsd).toBe(true);
  for (const factor of [row.fast, row.ultrafast]) {
    expect(factor === null || factor.numerator > factor.denominator).toBe(true);
  }
  if (row.confidence === 'assumed') expect(row.note).toBeDefined();
});

test('L9 no price is zero but those declared free', () => {
  const zero = rows.filter((row) => row.inputPicoUsd === 0n || row.cachedInputPicoUsd === 0n).map(({ id }) => id);
  expect(zero).toEqual(rows.filter((row) => row.free).map(({ id }) => id));
  expect(zero).toEqual(['omni-moderation-latest@undated', 'omni-moderation-2024-09-26@undated']);
});

test('a model has one line a day, and a line has one id', () => {
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});

test('each note belongs to a line', () => {
  const ids = new Set(rows.map(({ id }) => id));
  expect(Object.keys(priceNotes).filter((id) => !ids.has(id))).toEqual([]);
});

test('a cache write costs 1.25 times its input for 30 minutes and twice that for 12 hours, from gpt-5.6 on', () => {
  for (const row of rows) {
    const charged = /^gpt-(?:5\.6|6)/.test(row.model);
    const write30m = charged ? (row.inputPicoUsd * 5n) / 4n : row.inputPicoUsd;
    expect(formatUsd(row.cacheWrite30mPicoUsd), row.id).toBe(formatUsd(write30m));
    expect(formatUsd(row.cacheWrite12hPicoUsd), row.id).toBe(formatUsd(charged ? 2n * write30m : write30m));
  }
});

test('long context is dearer from gpt-5.4 on, and only there', () => {
  const long = rows.filter((row) => row.longContext !== null).map(({ model }) => model);
  expect(new Set(long)).toEqual(new Set(rows.map(({ model }) => model).filter((m) => /^gpt-(?:5\.[4-6]|6)/.test(m))));
});
