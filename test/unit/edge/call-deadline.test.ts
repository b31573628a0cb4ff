import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { callTimes, parseTimeoutWish, type TimesInput } from '#edge/call-deadline.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);

/** How much time a call has for its work, in ms from now. */
function leftMs({ remainingMs = 60_000, ...input }: Partial<TimesInput> & { remainingMs?: number } = {}): number {
  const context = { awsRequestId: 'a', getRemainingTimeInMillis: () => remainingMs };
  return callTimes({ nowMs, context, timeoutMs: 20_000, ...input }).workUntilMs - nowMs;
}

test.each([
  ['the endpoint’s own limit', {}, 18_500],
  ['the caller’s wish', { wishedMs: 10_000 }, 8_500],
  ['what Lambda has left', { remainingMs: 9_000 }, 7_500],
  ['28.5 s after API Gateway took the request, cold start included', { requestTimeMs: nowMs - 20_500 }, 6_500],
  ['the endpoint’s, where the wish is longer', { wishedMs: 60_000 }, 18_500],
])('of all limits the smallest counts, less 1.5 s to settle: %s', (_which, input, expectedMs) => {
  expect(leftMs(input)).toBe(expectedMs);
});

test('of a short call a fifth is kept back, not more', () => {
  expect(leftMs({ wishedMs: 1_000 })).toBe(800);
  expect(leftMs({ wishedMs: 10 })).toBe(8);
});

test('a message of a queue is not bound by API Gateway’s clock', () => {
  expect(leftMs({ timeoutMs: 100_000, remainingMs: 100_000 })).toBe(98_500);
});

test('R4 with 10 s left of Lambda’s time the work ends within 9 s', () => {
  expect(leftMs({ remainingMs: 10_000 })).toBeLessThanOrEqual(9_000);
});

test('a request that is already too old has its deadline now, not in the past', () => {
  expect(leftMs({ requestTimeMs: nowMs - 60_000 })).toBe(0);
  expect(leftMs({ remainingMs: -5 })).toBe(0);
});

test('whatever the limits are, the deadline lies between now and the smallest of them', () => {
  const ms = fc.integer({ min: 0, max: 1_000_000 });
  fc.assert(
    fc.property(ms, ms, ms, ms, (timeoutMs, remainingMs, wishedMs, ageMs) => {
      const left = leftMs({ timeoutMs, remainingMs, wishedMs, requestTimeMs: nowMs - ageMs });
      const smallest = Math.max(0, Math.min(timeoutMs, remainingMs, wishedMs, 28_500 - ageMs));
      expect(left).toBeGreaterThanOrEqual(0);
      expect(left).toBeLessThanOrEqual(smallest);
      expect(left).toBeGreaterThanOrEqual(Math.floor(Math.max(smallest - 1_500, smallest * 0.79)));
    }),
    { seed: 20_261_122 },
  );
});

test('settling gives way to the reply half a second before the platform ends the call, whatever the caller wished', () => {
  const timesOf = (input: Partial<TimesInput>, remainingMs: number) =>
    callTimes({
      nowMs,
      context: { awsRequestId: 'a', getRemainingTimeInMillis: () => remainingMs },
      timeoutMs: 20_000,
      ...input,
    });
  expect(timesOf({ wishedMs: 1_000 }, 60_000)).toEqual({
    workUntilMs: nowMs + 800,
    replyByMs: nowMs + 59_500,
    killAtMs: nowMs + 60_000,
  });
  expect(timesOf({ requestTimeMs: nowMs - 8_500 }, 60_000).replyByMs).toBe(nowMs + 19_500);
  expect(timesOf({}, 10_000)).toEqual({
    workUntilMs: nowMs + 8_500,
    replyByMs: nowMs + 9_500,
    killAtMs: nowMs + 10_000,
  });
});

test('the wish is a whole number of milliseconds, or refused in words', () => {
  expect(parseTimeoutWish(undefined)).toBeUndefined();
  expect(parseTimeoutWish('1')).toBe(1);
  expect(parseTimeoutWish('999999999')).toBe(999_999_999);
  for (const wish of ['0', '00', '-1', '1.5', '1e3', '1000000000', 'ten', '', '٣', '1 ']) {
    expect(() => parseTimeoutWish(wish), wish).toThrow(`from 1 to 999999999, but '${wish}' was provided`);
  }
});
