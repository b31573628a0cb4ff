import { expect, test } from 'vitest';
import { FakeClock } from '#test/support/fake-clock.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** 100 output tokens at $0.50 a million are $0.00005 of each bound; the rest is input, a byte a token at $0.125. */
const MONTHLY_USD = '0.000150';

test('L2 a call over the budget is a 402 that names scope, limit, spent, held and reset, and nothing goes upstream', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { tight: haiku({ budget: { monthlyUsd: MONTHLY_USD } }) });

  // 20 tokens in and 10 out: 20 × 100,000 + 10 × 500,000 pico-dollars.
  upstream.script(answer({ usage: { inputTokens: 20, outputTokens: 10 } }));
  const first = await environment.post('tight', { topic: 'rain' });
  expect([first.status, first.headers['x-weir-cost-usd']]).toEqual([200, '0.000007']);

  const gate = new Gate();
  upstream.script(answer({ gate }));
  const second = environment.post('tight', { topic: 'snow' });
  await gate.reached();
  // Instructions of 47 bytes, a topic of 4, two messages and the priming of the reply at 3 tokens each: 60 × 125,000.
  const heldUsd = '0.0000575';

  const topic = 'x'.repeat(400);
  const refused = await environment.post('tight', { topic });
  expect(refused.status).toBe(402);
  expect(refused.headers['x-should-retry']).toBe('false');
  expect(refused.headers['content-type']).toBe('application/problem+json');
  expect(refused.body).toMatchObject({
    code: 'budget_exceeded',
    scope: 'endpoint:tight',
    window: 'month',
    limitUsd: '0.00015',
    spentUsd: '0.000007',
    heldUsd,
    requiredUsd: '0.000107', // (47 + 400 + 9) × 125,000 + 100 × 500,000 pico-dollars
    resetsAt: '2026-12-01T00:00:00.000Z',
  });
  expect(refused.body['detail']).toContain('endpoint:tight is $0.00015: $0.000007 is spent and $0.0000575 held');
  expect(upstream.requests).toHaveLength(2);

  gate.open();
  expect((await second).status).toBe(200);
  expect((await weir.ledger()).map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
  expect(upstream.requests).toHaveLength(2);
});

test('L2 a budget begins anew with the month, in UTC, and in December it resets in the next year', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  const clock = new FakeClock(Date.UTC(2026, 11, 31, 23, 59, 59, 999));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, clock });
  const environment = serving(weir, { tight: haiku({ budget: { monthlyUsd: '0.00006' } }) });

  upstream.script(answer({ usage: { inputTokens: 10, outputTokens: 60 } }));
  expect((await environment.post('tight', { topic: 'rain' })).status).toBe(200);
  const refused = await environment.post('tight', { topic: 'rain' });
  expect([refused.status, refused.body['resetsAt']]).toEqual([402, '2027-01-01T00:00:00.000Z']);

  await clock.advance(1);
  expect((await environment.post('tight', { topic: 'rain' })).status).toBe(200);
  expect(upstream.requests).toHaveLength(2);
});

test('L2 the queue is refused alike: a message over the budget comes again, and nothing goes upstream', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({
    baseUrl: upstream.baseUrl,
    variables: { WEIR_RESULT_QUEUES: '{"all":"http://x/all"}' },
  });
  const environment = serving(weir, { tight: haiku({ budget: { monthlyUsd: '0.00001' } }) });
  const outcome = await environment.sqs('tight', [{ id: 'one', input: { topic: 'rain' }, replyTo: 'all' }]);
  expect(outcome.failed).toEqual([0]);
  expect(upstream.requests).toHaveLength(0);
  expect(weir.logged('a message failed')).toMatchObject([{ code: 'budget_exceeded' }]);
});
