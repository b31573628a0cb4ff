import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const COST_PICO = 7_000_000n;
const BOUND_PICO = 60n * 125_000n + 100n * 500_000n;
const ANSWER = answer({ usage: { inputTokens: 20, outputTokens: 10 } });

test('notice is given at 50, 80 and 100 %, each once a window, and 100 % as soon as a call is refused', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(ANSWER);
  // 14 calls' cost: the seventh is half of it, the twelfth 80 %, and one bound is more than eight.
  const limitPico = 14n * COST_PICO;
  const scope = { params: { scope: 'caller:ada' }, roles: ['administrator'] as const };
  await weir.put('finance/set-budget', { limitUsd: formatUsd(limitPico) }, scope);
  const environment = serving(weir, { haiku: haiku() });
  const told = () => weir.logged('budget notice').map(({ percent, scope: of, window }) => [of, window, percent]);
  const sweep = () => weir.runSchedule('finance/sweep-budgets');

  for (let call = 1; call <= 5; call++) await environment.post('haiku', { topic: 'rain' });
  await sweep();
  expect(told()).toEqual([]);
  const refusedAt = limitPico - 5n * COST_PICO;
  expect(refusedAt).toBeGreaterThan(BOUND_PICO);
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(402);
  await sweep();
  // 43 % are spent, but nothing more can be bought.
  expect(told()).toEqual([['caller:ada', 'month', 100]]);
  await sweep();
  await environment.post('haiku', { topic: 'rain' });
  await sweep();
  expect(told()).toHaveLength(1);
});

test('each step is told by itself while money is left, with limit, spent and reset', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(ANSWER);
  const environment = serving(weir, { haiku: haiku() });
  const scope = { params: { scope: 'account' }, roles: ['administrator'] as const };
  const limitTo = (pico: bigint) => weir.put('finance/set-budget', { limitUsd: formatUsd(pico) }, scope);
  await limitTo(1_000n * COST_PICO);
  await environment.post('haiku', { topic: 'rain' });
  // The same spending, seen against lower limits.
  await limitTo(2n * COST_PICO);
  await Promise.all([weir.runSchedule('finance/sweep-budgets'), weir.runSchedule('finance/sweep-budgets')]);
  expect(weir.logged('budget notice')).toMatchObject([
    {
      scope: 'account',
      window: 'month',
      percent: 50,
      limitUsd: formatUsd(2n * COST_PICO),
      spentUsd: formatUsd(COST_PICO),
      resetsAt: '2026-12-01T00:00:00.000Z',
    },
  ]);
  await limitTo(COST_PICO);
  await weir.runSchedule('finance/sweep-budgets');
  expect(weir.logged('budget notice').map(({ percent }) => percent)).toEqual([50, 80, 100]);
});
