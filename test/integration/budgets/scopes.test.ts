import { expect, test } from 'vitest';
import type { ScopeName } from '#budgets/budget.ts';
import { heldIn } from '#budgets/part.ts';
import { formatUsd } from '#platform/money.ts';
import type { Clock } from '#platform/clock.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { modelNotFound } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

/** The haiku of a topic of 4 bytes: 60 bytes and overheads at the cache-write price, 100 tokens out. */
const BOUND_PICO = 60n * 125_000n + 100n * 500_000n;
/** 20 tokens in, 10 out. */
const COST_PICO = 7_000_000n;
const ANSWER = answer({ usage: { inputTokens: 20, outputTokens: 10 } });

async function setLimit(weir: Weir<Clock>, scope: ScopeName, limitPico: bigint, window: 'month' | 'day' = 'month') {
  const body = { window, limitUsd: formatUsd(limitPico) };
  const reply = await weir.put('finance/set-budget', body, { params: { scope }, roles: ['administrator'] });
  expect([reply.status, reply.body['limitUsd']]).toEqual([200, formatUsd(limitPico)]);
}

test.each<ScopeName>(['caller:ada', 'account'])(
  'L2 %s has not enough left: 402 names that scope and its reset, nothing goes upstream, and the endpoint gets its hold back',
  async (scope) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.otherwise(ANSWER);
    await setLimit(weir, scope, BOUND_PICO + COST_PICO - 1n);
    const environment = serving(weir, { haiku: haiku() });

    expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
    const refused = await environment.post('haiku', { topic: 'snow' });
    expect([refused.status, refused.headers['x-should-retry']]).toEqual([402, 'false']);
    expect(refused.body).toMatchObject({
      scope,
      window: 'month',
      limitUsd: formatUsd(BOUND_PICO + COST_PICO - 1n),
      spentUsd: formatUsd(COST_PICO),
      heldUsd: '0',
      requiredUsd: formatUsd(BOUND_PICO),
      resetsAt: '2026-12-01T00:00:00.000Z',
    });
    expect(upstream.requests).toHaveLength(1);
    for (const each of ['endpoint:haiku', scope] as const) {
      const head = expectBalanced(await weir.head(each));
      expect([head.spentPico, [...head.holds]]).toEqual([COST_PICO, []]);
    }
  },
);

test('another caller is not refused for the first one’s budget', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await setLimit(weir, 'caller:ada', 1n);
  const environment = serving(weir, { haiku: haiku() });
  expect((await environment.post('haiku', { topic: 'rain' }, { caller: 'ada' })).status).toBe(402);
  expect((await environment.post('haiku', { topic: 'rain' }, { caller: 'grace' })).status).toBe(200);
});

test('L2 a day’s limit refuses with the end of the day, and begins anew at midnight (UTC); the month goes on', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  const clock = new FakeClock(Date.UTC(2026, 10, 22, 23, 59, 59, 0));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock });
  upstream.otherwise(ANSWER);
  const dailyUsd = formatUsd(BOUND_PICO);
  const environment = serving(weir, { haiku: haiku({ budget: { monthlyUsd: '1', dailyUsd } }) });

  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  const refused = await environment.post('haiku', { topic: 'snow' });
  expect(refused.status).toBe(402);
  expect(refused.body).toMatchObject({
    scope: 'endpoint:haiku',
    window: 'day',
    limitUsd: dailyUsd,
    resetsAt: '2026-11-23T00:00:00.000Z',
  });
  await clock.advance(1_000);
  expect((await environment.post('haiku', { topic: 'snow' })).status).toBe(200);
  expect(expectBalanced(await weir.head('endpoint:haiku')).spentPico).toBe(2n * COST_PICO);
  expect(expectBalanced(await weir.head('endpoint:haiku', 'day')).spentPico).toBe(COST_PICO);
});

test('a call in three scopes and two windows holds its bound in each while it runs, and spends the same in each', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  for (const scope of ['caller:ada', 'account'] as const) {
    await setLimit(weir, scope, 3n * BOUND_PICO);
    await setLimit(weir, scope, 2n * BOUND_PICO, 'day');
  }
  const gate = new Gate();
  upstream.script(answer({ gate, usage: { inputTokens: 20, outputTokens: 10 } }));
  const calling = serving(weir, { haiku: haiku({ budget: { dailyUsd: '1' } }) }).post('haiku', { topic: 'rain' });
  await gate.reached();
  const heads = async () =>
    Promise.all(
      (['endpoint:haiku', 'caller:ada', 'account'] as const).flatMap((scope) =>
        (['month', 'day'] as const).map(async (kind) => expectBalanced(await weir.head(scope, kind))),
      ),
    );
  expect((await heads()).map(heldIn)).toEqual(Array(6).fill(BOUND_PICO));
  gate.open();
  expect((await calling).status).toBe(200);
  const settled = (await heads()).map((head) => [head.spentPico, heldIn(head)]);
  expect(settled).toEqual(Array.from({ length: 6 }, () => [COST_PICO, 0n]));
  const [entry] = await weir.ledger();
  expect(entry?.holds.map(({ part, pico }) => [part, pico])).toEqual(
    ['endpoint:haiku#2026-11', 'endpoint:haiku#2026-11-22', 'caller:ada#2026-11', 'caller:ada#2026-11-22']
      .concat('account#2026-11', 'account#2026-11-22')
      .map((key) => [`${key}#0`, COST_PICO]),
  );
});

test('a fallback dearer than the hold is covered in every scope before it is sent, or refused', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const fallbackPico = 60n * 250_000n + 100n * 1_200_000n;
  await setLimit(weir, 'caller:ada', fallbackPico - 1n);
  upstream.script(modelNotFound(), ANSWER);
  const environment = serving(weir, { haiku: haiku() });
  const refused = await environment.post('haiku', { topic: 'rain' });
  expect([refused.status, refused.body['scope'], upstream.requests.length]).toEqual([402, 'caller:ada', 1]);
  for (const scope of ['endpoint:haiku', 'caller:ada'] as const) {
    const head = expectBalanced(await weir.head(scope));
    expect([head.spentPico, heldIn(head)]).toEqual([0n, 0n]);
  }
});

test('L2 where the endpoint allows it, the output is cut to what the remainder buys; below its least the call is refused', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(ANSWER);
  // The input, 40 tokens of output, and not quite one more.
  const remainderPico = 60n * 125_000n + 40n * 500_000n + 499_999n;
  const limits = { timeoutMs: 25_000, maxOutputTokens: 100, leastOutputTokens: 40 };
  const environment = serving(weir, {
    cut: haiku({ limits, budget: { monthlyUsd: formatUsd(remainderPico) } }),
    whole: haiku({ limits: { ...limits, leastOutputTokens: 41 }, budget: { monthlyUsd: formatUsd(remainderPico) } }),
  });

  expect((await environment.post('cut', { topic: 'rain' })).status).toBe(200);
  expect(upstream.requests[0]?.body).toMatchObject({ max_output_tokens: 40 });
  expect(expectBalanced(await weir.budget('cut')).spentPico).toBe(COST_PICO);
  expect((await environment.post('whole', { topic: 'rain' })).status).toBe(402);
  expect(upstream.requests).toHaveLength(1);
});
