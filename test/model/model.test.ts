import { expect, test } from 'vitest';
import { play } from './play.ts';
import { run } from './run.ts';
import type { Rule } from './rules.ts';
import { Failure } from './watch.ts';

test('L1 L5 L6 the protocol holds in 1,500 random runs: crashes, pauses, late requests, changes, purses, sweeps, rolling windows', () => {
  const { failures, seen } = play(1_500, 0);
  expect([...failures]).toEqual([]);
  // The runs are not idle ones.
  expect(seen.get('a crash')).toBeGreaterThan(500);
  expect(seen.get('a pause')).toBeGreaterThan(500);
});

/** The first run in which the model notices that a rule is missing. */
function noticedAt(without: Rule, most: number): number | undefined {
  for (let seed = 0; seed < most; seed++) {
    try {
      run(seed, without);
    } catch (error) {
      if (error instanceof Failure) return seed;
      throw error;
    }
  }
  return undefined;
}

test.each<Rule>([
  'ledger-first',
  'kill-time',
  'round-ids',
  'base',
  'least-sum',
  'directory-first',
  'directory-grace',
  'open-absent',
  'freeze-first',
  'kept-revision',
  'put-takes',
  'change-opens',
  'marks',
  'adjust-head',
  'close-frozen',
  'recall',
])('without %s it does not hold, and the model notices', (rule) => {
  expect(noticedAt(rule, 500)).toBeTypeOf('number');
});
