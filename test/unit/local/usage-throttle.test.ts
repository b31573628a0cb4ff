import { expect, test } from 'vitest';
import { createUsageThrottle } from '#infra/local/usage-throttle.ts';
import { FakeClock } from '#test/support/fake-clock.ts';

const clock = new FakeClock();
const known = { planId: 'p', throttle: { rateLimit: 5, burstLimit: 5 } };
const use = createUsageThrottle((value) => {
  if (value === 'shared') return { keyId: 'shared', planId: 'q' };
  return value === 'unknown' ? undefined : { ...known, keyId: value };
}, clock);
const takenOf = (count: number, key: string) =>
  Array.from({ length: count }, () => use(key)).filter((usage) => usage === 'taken').length;

test('a bucket holds the burst, is filled at the rate, and never above the burst', async () => {
  expect(takenOf(50, 'a')).toBe(5);
  await clock.advance(200);
  expect(takenOf(50, 'a')).toBe(1);
  await clock.advance(199);
  expect(use('a')).toBe('throttled');
  await clock.advance(1);
  expect(use('a')).toBe('taken');
  await clock.advance(3_600_000);
  expect(takenOf(50, 'a')).toBe(5);
});

test('each key has a bucket, a plan without a throttle none, and a key of no plan is unknown', () => {
  expect([takenOf(50, 'b'), takenOf(50, 'c'), takenOf(50, 'shared')]).toEqual([5, 5, 50]);
  expect([use('unknown'), use(undefined)]).toEqual(['unknown', 'unknown']);
});
