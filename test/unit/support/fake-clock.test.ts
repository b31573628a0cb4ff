import { expect, test } from 'vitest';
import { sleep } from '#platform/clock.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

test('time stands still until it is turned, and each timer fires at its own time, in order', async () => {
  const clock = new FakeClock(1_000);
  const fired: [string, number][] = [];
  clock.startTimer(() => fired.push(['late', clock.nowMs()]), 200);
  clock.startTimer(() => fired.push(['early', clock.nowMs()]), 100);
  clock.startTimer(() => fired.push(['beyond', clock.nowMs()]), 301);
  await clock.advance(300);
  expect(fired).toEqual([
    ['early', 1_100],
    ['late', 1_200],
  ]);
  expect([clock.nowMs(), clock.pending]).toEqual([1_300, 1]);
});

test('a timer that is set as another fires is reached in the same turn', async () => {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  let woken = 0;
  const worker = (async () => {
    for (; woken < 3; woken++) await sleep(clock, 100, signal);
  })();
  await clock.advance(299);
  expect(woken).toBe(2);
  await clock.advance(1);
  await worker;
  expect(woken).toBe(3);
});

test('a cancelled timer does not fire, and a wait of nothing passes by itself', async () => {
  const clock = new FakeClock();
  let fired = false;
  clock.startTimer(() => (fired = true), 10)();
  await sleep(clock, 0, new AbortController().signal);
  await clock.advance(10);
  expect(fired).toBe(false);
});

test('one can wait until so many timers are set', async () => {
  const clock = new FakeClock();
  const set = clock.timersSet(2).then(() => clock.pending);
  clock.startTimer(() => undefined, 1);
  setImmediate(() => clock.startTimer(() => undefined, 1));
  expect(await set).toBe(2);
});

test('a seed gives the same numbers again, spread over [0, 1)', () => {
  const [one, again, other] = [seededRandom(7), seededRandom(7), seededRandom(8)];
  const numbers = Array.from({ length: 10_000 }, () => one());
  expect(Array.from({ length: 10_000 }, () => again())).toEqual(numbers);
  expect(other()).not.toBe(numbers[0]);
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
});
