import { expect, test } from 'vitest';
import type { DoneJob } from '#infra/cli/eval/run-jobs.ts';
import { scoresOf, verdictOf } from '#infra/cli/eval/score.ts';

const tier = (model: string) => ({ name: '', model, fallbacks: [] });
const MODELS = [tier('own'), tier('cheap'), tier('cheaper'), tier('dear')];
const COST: Readonly<Record<string, bigint>> = { own: 1_000n, cheap: 500n, cheaper: 125n, dear: 9_000n };

/** Of each model, what it failed; it passed the rest of the examples a, b and c. */
function verdict(failed: Readonly<Record<string, readonly string[]>>): string {
  const models = MODELS.filter(({ model }) => failed[model] !== undefined);
  const done = models.flatMap((model) =>
    ['a', 'b', 'c'].map((name): DoneJob => ({
      onTrial: { model, judge: () => Promise.reject(new Error('judged already')) },
      evaluation: { input: {}, check: () => true },
      name,
      judged: {
        ...(failed[model.model]!.includes(name) && { fault: 'wrong' }),
        costPico: COST[model.model]!,
        latencyMs: 1,
        isRefused: false,
      },
    })),
  );
  return verdictOf(scoresOf(models, done));
}

test.each<[string, Readonly<Record<string, readonly string[]>>, RegExp]>([
  ['the cheapest of those that pass', { own: [], cheap: [], cheaper: [] }, /^cheaper would have passed, at 12\.5 %/],
  ['not a cheaper one that fails', { own: [], cheap: [], cheaper: ['b'] }, /^cheap would have passed, at 50 %/],
  ['none', { own: [], cheap: ['a'], cheaper: ['c'] }, /^No cheaper model passed what own/],
  ['what the own failed may be failed', { own: ['a'], cheap: ['a'] }, /^cheap would have passed/],
  ['another failure is not the same one', { own: ['a'], cheap: ['b'] }, /^No cheaper model/],
  ['a dearer one is no advice', { own: ['a', 'b'], dear: [] }, /^own, the endpoint's own, was the cheapest/],
])('which cheaper model would have passed: %s', (_what, failed, says) => {
  expect(verdict(failed)).toMatch(says);
});

test('a model that a budget kept from some examples has not passed them', () => {
  const job = (model: string, name: string): DoneJob => ({
    onTrial: { model: tier(model), judge: () => Promise.reject(new Error('judged already')) },
    evaluation: { input: {}, check: () => true },
    name,
    judged: { costPico: COST[model]!, latencyMs: 1, isRefused: false },
  });
  const done = [job('own', 'a'), job('own', 'b'), job('cheap', 'a')];
  expect(verdictOf(scoresOf(MODELS, done))).toMatch(/^No cheaper model/);
});
