import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCacheControl } from '#cache/cache-control.ts';

const plain = { read: true, store: true, maxAgeSeconds: Infinity, onlyIfCached: false };

test.each([
  [undefined, {}],
  ['', {}],
  ['no-cache', { read: false }],
  ['no-store', { read: false, store: false }],
  ['NO-STORE', { read: false, store: false }],
  ['max-age=60', { maxAgeSeconds: 60 }],
  ['Max-Age=60', { maxAgeSeconds: 60 }],
  ['max-age="60"', { maxAgeSeconds: 60 }],
  [' max-age = 60 ', { maxAgeSeconds: 60 }],
  ['max-age=0', { read: false, maxAgeSeconds: 0 }],
  ['max-age=-1', { read: false, maxAgeSeconds: 0 }],
  ['max-age=1.5', { read: false, maxAgeSeconds: 0 }],
  ['max-age', { read: false, maxAgeSeconds: 0 }],
  ['max-age=soon', { read: false, maxAgeSeconds: 0 }],
  ['only-if-cached', { onlyIfCached: true }],
  ['only-if-cached, max-age=5', { onlyIfCached: true, maxAgeSeconds: 5 }],
  ['max-stale=60, immutable, x-own="a,b"', {}],
  ['no-cache-please', {}],
])('C10 %j', (header, wish) => {
  expect(parseCacheControl(header)).toEqual({ ...plain, ...wish });
});

test('C10 no header whatever makes it throw, or wish for an age that is no number', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (header) => {
      const { maxAgeSeconds } = parseCacheControl(header);
      expect(maxAgeSeconds).toBeGreaterThanOrEqual(0);
    }),
    { seed: 20_261_122 },
  );
});
