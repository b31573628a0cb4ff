import { expect, test } from 'vitest';
import { compilePattern, withinMatchingTime } from '#edge/extraction/patterns.ts';

/** Lets the clock run without any work, as on a machine that stands still. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('a machine that stands still for longer than patterns may take is no fault of the schema', () => {
  let runs = 0;
  const result = withinMatchingTime(() => {
    if (++runs === 1) standStill(1_500);
    return 'done';
  });
  expect([result, runs]).toEqual(['done', 2]);
});

test('a pattern that works all the time is stopped, on a busy machine after three tries', () => {
  const slow = compilePattern('^(a+)+$', []);
  let runs = 0;
  expect(() =>
    withinMatchingTime(() => {
      runs++;
      return slow.test(`${'a'.repeat(60)}!`);
    }),
  ).toThrow('has a pattern that takes too long to try');
  expect(runs).toBeLessThanOrEqual(3);
});
