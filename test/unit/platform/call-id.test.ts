import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mintCallId, mintedAtMs } from '#platform/call-id.ts';

const seed = 20_261_122;
const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test('an id tells when it was minted, to the millisecond', () => {
  fc.assert(
    fc.property(times, (ms) => {
      const id = mintCallId(ms);
      expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
      expect(mintedAtMs(id)).toBe(ms);
    }),
    { seed },
  );
});

test('ids sort by the time of their minting', () => {
  fc.assert(
    fc.property(times, times, (a, b) => {
      fc.pre(a !== b);
      expect(mintCallId(a) < mintCallId(b)).toBe(a < b);
    }),
    { seed },
  );
});

test('100,000 ids of one millisecond all differ', () => {
  expect(new Set(Array.from({ length: 100_000 }, () => mintCallId(1))).size).toBe(100_000);
});
