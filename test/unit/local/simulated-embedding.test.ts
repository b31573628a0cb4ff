import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { embed } from '#infra/local/parts/simulated/embedding.ts';
import { moderate } from '#infra/local/parts/simulated/moderation.ts';

const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

test('texts about the same thing are nearer than texts about something else', () => {
  const [invoice, invoices, river] = [
    'The invoice was charged twice',
    'Two charges on one of our invoices',
    'A river flows through the valley',
  ].map((text) => embed(text, 1536)) as [Float32Array, Float32Array, Float32Array];
  expect(cosine(invoice, invoices)).toBeGreaterThan(0.5);
  expect(cosine(invoice, river)).toBeLessThan(0.2);
});

test('every text has a vector of length 1 in as many dimensions as asked for, and always the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 400 }), (text, dimensions) => {
      const vector = embed(text, dimensions);
      expect(vector).toHaveLength(dimensions);
      expect(Math.abs(cosine(vector, vector) - 1)).toBeLessThan(1e-5);
      expect(embed(text, dimensions)).toEqual(vector);
    }),
    { seed: 7 },
  );
});

test('plain words flag a text in their category, and nothing else does', () => {
  expect(moderate('Have a nice day, and mind the killer whale exhibit')).toMatchObject({ flagged: false });
  const verdict = moderate('I will KILL you');
  expect([verdict.flagged, verdict.categories['violence'], verdict.categories['hate']]).toEqual([true, true, false]);
  expect(verdict.category_scores['violence']).toBeGreaterThan(0.9);
});
