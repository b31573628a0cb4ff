import { expect, test } from 'vitest';
import { findPrice, isPriced } from '#pricing/find-price.ts';

const now = new Date('2026-11-22T12:00:00Z');

test('L10 a price holds from 00:00 UTC of its day, to the millisecond', () => {
  const at = (time: string) => findPrice('gpt-5.6-luna', new Date(time))?.id;
  expect(at('2026-07-08T23:59:59.999Z')).toBeUndefined();
  expect(at('2026-07-09T00:00:00.000Z')).toBe('gpt-5.6-luna@2026-07-09');
  expect(at('2026-07-29T23:59:59.999Z')).toBe('gpt-5.6-luna@2026-07-09');
  expect(at('2026-07-30T00:00:00.000Z')).toBe('gpt-5.6-luna@2026-07-30');
  expect(at('2026-07-30T01:59:59.999+02:00')).toBe('gpt-5.6-luna@2026-07-09');
  expect(at('2099-01-01T00:00:00.000Z')).toBe('gpt-5.6-luna@2026-07-30');
});

test('the promotion of gpt-5.6-sol ends on the day it was promised to', () => {
  expect(findPrice('gpt-5.6-sol', Date.parse('2026-11-21T23:59:59Z'))?.id).toBe('gpt-5.6-sol@2026-08-21');
  expect(findPrice('gpt-5.6-sol', Date.parse('2026-11-22'))?.id).toBe('gpt-5.6-sol@2026-11-22');
});

test('an undated line holds at any time, and milliseconds are as good as a Date', () => {
  expect(findPrice('gpt-5', 0)?.id).toBe('gpt-5@undated');
  expect(findPrice('gpt-5', now.getTime())).toBe(findPrice('gpt-5', now));
});

test('a time that is no time finds nothing', () => {
  expect(findPrice('gpt-5', new Date('yesterday'))).toBeUndefined();
  expect(findPrice('gpt-6-luna', Number.NaN)).toBeUndefined();
});

test('L10 a snapshot has its model’s price, unless it has one of its own', () => {
  expect(findPrice('gpt-6.1-sol-2026-09-29', now)?.id).toBe('gpt-6.1-sol@2026-09-29');
  expect(findPrice('gpt-4o-2024-08-06', now)?.id).toBe('gpt-4o@undated');
  expect(findPrice('gpt-4o-2024-05-13', now)?.id).toBe('gpt-4o-2024-05-13@undated');
});

test.each([
  ['gpt-6-luna-pro', 'gpt-6', 'gpt-6-lun', 'GPT-6-LUNA', ' gpt-6-luna', 'openai/gpt-6-luna', 'gpt-6-luna-2026-9-1'],
  ['ft:gpt-4o-mini', 'gpt-6-luna-2026-09-22-preview', '-2026-09-22', ''],
  ['__proto__', 'constructor', 'toString', 'gpt-audio-mini', 'gpt-image-2', 'gpt-4o-search-preview'],
])('L9 no other name finds a price', (...models) => {
  for (const model of models) expect(isPriced(model, now), model).toBe(false);
});

test('L9 the default models, embeddings and moderation are priced today', () => {
  const models = ['gpt-6-luna', 'gpt-6.1-terra', 'gpt-6.1-sol', 'text-embedding-3-small', 'omni-moderation-latest'];
  for (const model of models) expect(isPriced(model, now), model).toBe(true);
});
