import { expect, test } from 'vitest';
import { openScene } from '#test/support/killed/scene.ts';

test('rehearse', async () => {
  await using scene = await openScene({ terms: { budget: { monthlyUsd: '1' } } });
  await scene.limit('caller:ada-0', { month: '1' });
  await scene.limit('account', { month: '100' });
  const task = (topic: string) => ({ kind: 'call', endpoint: 'haiku-0', terms: { budget: { monthlyUsd: '1' } }, caller: 'ada-0', topic }) as const;
  console.log(await scene.perform(task('snow')));
  console.time('r');
  const { outcome, steps } = await scene.rehearse(task('rain'));
  console.timeEnd('r');
  console.log(outcome, JSON.stringify(steps, null, 1));
  expect(outcome.status).toBe(200);
}, 60_000);
