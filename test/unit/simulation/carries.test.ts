import { expect, test } from 'vitest';
import { carries, shardsFor } from '#test/bench/simulation/carries.ts';
import { lambdaLoad } from '#test/bench/simulation/load.ts';
import { Stage } from '#test/bench/simulation/stage.ts';

const BASE = 200;

test.each([
  [64, 2],
  [64, 120],
  [90, 20],
])(
  'with %i bytes a hold and calls of %i s, a shard carries what a thousand units pay for, and no more',
  (hold, seconds) => {
    const units = (rate: number) => 2 * rate * Math.ceil((BASE + hold * rate * seconds) / 1024);
    const rate = carries(hold, seconds, BASE);
    expect(units(rate)).toBeLessThanOrEqual(1000);
    expect(units(rate + 0.01)).toBeGreaterThan(1000);
  },
);

test('a very short call costs two units, so that a shard carries five hundred', () => {
  expect(carries(64, 0.01, BASE)).toBeCloseTo(500, 1);
});

test('shards grow with the load, and there is always one', () => {
  expect(shardsFor(0, 90, 2, BASE)).toBe(1);
  const one = shardsFor(100, 90, 2, BASE);
  expect(shardsFor(1000, 90, 2, BASE)).toBeGreaterThan(9 * one - 9);
});

test.each([
  [0.8, 0],
  [1.6, 0.1],
])('a budget with %d × the load of the formula refuses at least %d of it for want of throughput', (times, share) => {
  const load = lambdaLoad(2 * carries(90, 2, BASE) * times, 2);
  const stage = new Stage({ seed: 4, shards: 2, holdBytes: 90, load });
  stage.seed();
  stage.traffic.start();
  const { unavailableShare } = stage.measureUntil(30_000);
  expect(unavailableShare).toBeGreaterThanOrEqual(share);
  expect(unavailableShare).toBeLessThanOrEqual(share === 0 ? 0.001 : 1);
});
