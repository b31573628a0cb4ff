import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRetryBudget } from '#upstream/retry-budget.ts';

test('R6 an environment starts with one token', () => {
  const budget = createRetryBudget();
  expect(budget.hasToken()).toBe(true);
  budget.spend();
  expect(budget.hasToken()).toBe(false);
});

test('R6 ten successes earn a token, and nine do not', () => {
  const budget = createRetryBudget();
  budget.spend();
  for (let success = 0; success < 9; success++) budget.earn();
  expect(budget.hasToken()).toBe(false);
  budget.earn();
  expect(budget.hasToken()).toBe(true);
});

test('R6 a long good time saves up ten tokens and no more', () => {
  const budget = createRetryBudget();
  for (let success = 0; success < 10_000; success++) budget.earn();
  let tokens = 0;
  for (; budget.hasToken(); tokens++) budget.spend();
  expect(tokens).toBe(10);
});

test('R6 in any order of successes and failures, retries are at most one and a tenth of the successes', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 500 }), (outcomes) => {
      const budget = createRetryBudget();
      let [successes, retries] = [0, 0];
      for (const succeeded of outcomes) {
        if (succeeded) {
          budget.earn();
          successes++;
        } else if (budget.hasToken()) {
          budget.spend();
          retries++;
        }
        expect(retries).toBeLessThanOrEqual(1 + successes / 10);
      }
    }),
  );
});
