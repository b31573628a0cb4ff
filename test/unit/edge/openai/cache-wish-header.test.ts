import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCacheWish } from '#edge/openai/cache-wish-header.ts';
import { InvalidRequest } from '#platform/errors.ts';

test('a time is read in seconds, minutes, hours and days', () => {
  const read = (header: string) => readCacheWish(header, undefined);
  expect(['1s', '90s', '15m', '1h', '7d', '30d', ' 2H '].map(read)).toEqual([
    1, 90, 900, 3_600, 604_800, 2_592_000, 7_200,
  ]);
});

test('without the header the caller’s policy holds, and no or off switch it off', () => {
  expect([readCacheWish(undefined, 60), readCacheWish(undefined, undefined)]).toEqual([60, undefined]);
  for (const header of ['no', 'off', 'OFF']) expect(readCacheWish(header, 60)).toBeUndefined();
  expect(readCacheWish('5s', 60)).toBe(5);
});

test.each(['', '0s', '31d', '720h1m', '1', '1w', '-1h', '1.5h', 'yes', '9999999d', '１h'])(
  '%j is refused with the rule',
  (header) => {
    expect(() => readCacheWish(header, 60)).toThrow(InvalidRequest);
    expect(() => readCacheWish(header, 60)).toThrow(/^x-weir-cache must be from 1s to 30d, .+ but '.*' was provided$/);
  },
);

test('whatever stands in the header, what comes out lies within the limits', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,9}[smhd]$/)), (header) => {
      try {
        const seconds = readCacheWish(header, undefined);
        if (seconds !== undefined) expect(seconds >= 1 && seconds <= 2_592_000).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidRequest);
      }
    }),
    { seed: 20_261_122 },
  );
});
