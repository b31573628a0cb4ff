import { expect, test } from 'vitest';
import { FakeClock } from '#test/support/fake-clock.ts';
import { createCircuitBreaker } from '#upstream/circuit-breaker.ts';

const breakerAndClock = () => {
  const clock = new FakeClock();
  return { clock, breaker: createCircuitBreaker(clock) };
};

test('R2 it is closed until a quota is used up, then open for 30 s', async () => {
  const { clock, breaker } = breakerAndClock();
  expect(breaker.openForMs('v1')).toBeUndefined();
  breaker.trip('v1');
  expect(breaker.openForMs('v1')).toBe(30_000);
  await clock.advance(29_999);
  expect(breaker.openForMs('v1')).toBe(1);
  await clock.advance(1);
  expect(breaker.openForMs('v1')).toBeUndefined();
});

test('R2 each probe that fails doubles the delay, up to ten minutes', async () => {
  const { clock, breaker } = breakerAndClock();
  breaker.trip('v1');
  const delays: number[] = [];
  for (let probe = 0; probe < 6; probe++) {
    await clock.advance(breaker.openForMs('v1') ?? 0);
    breaker.sending('v1');
    breaker.trip('v1');
    delays.push((breaker.openForMs('v1') ?? 0) / 1_000);
  }
  expect(delays).toEqual([60, 120, 240, 480, 600, 600]);
});

test('R2 requests that were under way together are one trip', () => {
  const { breaker } = breakerAndClock();
  for (let request = 0; request < 50; request++) breaker.sending('v1');
  for (let request = 0; request < 50; request++) breaker.trip('v1');
  expect(breaker.openForMs('v1')).toBe(30_000);
});

test('R2 while the probe is out nothing else is sent, and if it tells nothing another one follows', async () => {
  const { clock, breaker } = breakerAndClock();
  breaker.trip('v1');
  await clock.advance(30_000);
  breaker.sending('v1');
  expect(breaker.openForMs('v1')).toBe(30_000);
  await clock.advance(30_000);
  expect(breaker.openForMs('v1')).toBeUndefined();
});

test('R2 any other answer closes it, and the next trip begins anew', async () => {
  const { clock, breaker } = breakerAndClock();
  breaker.trip('v1');
  await clock.advance(30_000);
  breaker.sending('v1');
  breaker.trip('v1');
  breaker.reset('v1');
  expect(breaker.openForMs('v1')).toBeUndefined();
  breaker.trip('v1');
  expect(breaker.openForMs('v1')).toBe(30_000);
});

test('R2 each version of the key has a state of its own', () => {
  const { breaker } = breakerAndClock();
  breaker.trip('v1');
  expect(breaker.openForMs('v2')).toBeUndefined();
  breaker.reset('v2');
  expect(breaker.openForMs('v1')).toBe(30_000);
});
