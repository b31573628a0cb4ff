import { expect, test } from 'vitest';
import { small } from '#edge/models.ts';
import { formatUsd } from '#platform/money.ts';
import { heldIn } from '#budgets/part.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { modelNotFound, serverError } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, failedResponse, reset, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** The haiku of a topic of 4 bytes: 60 bytes and overheads at the cache-write price, 100 tokens out. */
const BOUND_PICO = 60n * 125_000n + 100n * 500_000n;

test('L13 a retry is a second line under the one call, with its own outcome, request id and cost', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(serverError(), answer({ usage: { inputTokens: 20, outputTokens: 10 } }));
  const reply = await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  expect([reply.status, reply.headers['x-weir-attempts']]).toEqual([200, '2']);
  const [entry, ...others] = await weir.ledger();
  expect(others).toEqual([]);
  expect(entry?.attempts).toMatchObject([
    {
      outcome: 'failed',
      status: 500,
      costPico: 0n,
      basis: 'exact',
      upstreamRequestId: upstream.requests[0]?.requestId,
    },
    { outcome: 'answered', status: 200, costPico: 7_000_000n, upstreamRequestId: upstream.requests[1]?.requestId },
  ]);
  expect(entry?.costPico).toBe(7_000_000n);
});

test('L13 a fallback is an attempt under the same call, at the price of its own model', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(modelNotFound(), answer({ usage: { inputTokens: 20, outputTokens: 10 } }));
  const reply = await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  expect([reply.status, reply.headers['x-weir-model']]).toEqual([200, 'gpt-5.6-luna']);
  const [entry, ...others] = await weir.ledger();
  expect(others).toEqual([]);
  // 20 × 200,000 + 10 × 1,200,000.
  expect(entry).toMatchObject({ model: 'gpt-5.6-luna', costPico: 16_000_000n, outcome: 'completed' });
  expect(entry?.attempts.map(({ modelAsked, outcome }) => [modelAsked, outcome])).toEqual([
    ['gpt-6-luna', 'model-not-found'],
    ['gpt-5.6-luna', 'answered'],
  ]);
  expect(expectBalanced(await weir.budget('haiku')).spentPico).toBe(upstream.bill.totalPico);
});

test('L13 a fallback that costs more than the hold is covered by a top-up before it is asked', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(modelNotFound(), answer({ gate }));
  const calling = serving(weir, { haiku: haiku({ model: small }) }).post('haiku', { topic: 'rain' });
  await gate.reached();
  // The same bytes at $0.25 a million, 100 tokens at $1.20.
  expect(heldIn(expectBalanced(await weir.budget('haiku')))).toBe(60n * 250_000n + 100n * 1_200_000n);
  gate.open();
  expect((await calling).status).toBe(200);
  expect([...expectBalanced(await weir.budget('haiku')).holds]).toEqual([]);
});

test('a retry after an attempt that may have been billed is covered by a top-up: both bounds are held together', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(resetAfterBilling(), answer({ gate, usage: { inputTokens: 20, outputTokens: 10 } }));
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  await gate.reached();
  const during = expectBalanced(await weir.budget('haiku'));
  expect([during.holds.size, heldIn(during)]).toEqual([1, 2n * BOUND_PICO]);
  gate.open();
  expect((await calling).status).toBe(200);

  const [entry] = await weir.ledger();
  expect(entry?.attempts).toMatchObject([
    { outcome: 'timeout', basis: 'unknown', costPico: BOUND_PICO },
    { outcome: 'answered', basis: 'exact', costPico: 7_000_000n },
  ]);
  expect(entry).toMatchObject({ basis: 'unknown', unknownPico: BOUND_PICO, costPico: BOUND_PICO + 7_000_000n });
  const after = expectBalanced(await weir.budget('haiku'));
  expect([after.spentPico, [...after.holds]]).toEqual([BOUND_PICO + 7_000_000n, []]);
  expect(after.spentPico).toBeGreaterThan(upstream.bill.totalPico);
});

test('a retry after an attempt that cost nothing needs no top-up: its hold covers the next', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(serverError(), answer({ gate }));
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  await gate.reached();
  expect(heldIn(expectBalanced(await weir.budget('haiku')))).toBe(BOUND_PICO);
  gate.open();
  expect((await calling).status).toBe(200);
});

test('L2 a retry that the budget no longer covers is not sent: 402, and what may have been billed stays counted', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const limitPico = 2n * BOUND_PICO - 1n;
  upstream.script(reset());
  const environment = serving(weir, { haiku: haiku({ budget: { monthlyUsd: formatUsd(limitPico) } }) });
  const reply = await environment.post('haiku', { topic: 'rain' });
  expect(reply.status).toBe(402);
  expect(reply.body).toMatchObject({
    scope: 'endpoint:haiku',
    limitUsd: formatUsd(limitPico),
    spentUsd: '0',
    heldUsd: formatUsd(BOUND_PICO),
    requiredUsd: formatUsd(BOUND_PICO),
  });
  expect(reply.headers['x-weir-cost-usd']).toBe(formatUsd(BOUND_PICO));
  expect(upstream.requests).toHaveLength(1);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ outcome: 'budget_exceeded', basis: 'unknown', costPico: BOUND_PICO });
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([counter.spentPico, [...counter.holds]]).toEqual([BOUND_PICO, []]);
});

test('a response that says it failed is charged for the usage that it reports', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(failedResponse({ usage: { inputTokens: 20, outputTokens: 10 } }));
  expect((await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' })).status).toBe(502);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ basis: 'exact', costPico: 14_000_000n, outcome: 'upstream_failed' });
  expect(entry?.attempts.map(({ costPico }) => costPico)).toEqual([7_000_000n, 7_000_000n]);
  expect(entry?.costPico).toBe(upstream.bill.totalPico);
});

test('a response that says it failed and not what it used may have been billed: its bound counts, as unknown', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(failedResponse({ usage: 'absent' }), answer());
  expect((await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' })).status).toBe(200);
  const [entry] = await weir.ledger();
  expect(entry?.attempts).toMatchObject([
    { outcome: 'failed', basis: 'unknown', costPico: BOUND_PICO, upstreamRequestId: upstream.requests[0]?.requestId },
    { outcome: 'answered', basis: 'exact' },
  ]);
  expect(entry?.costPico).toBeGreaterThanOrEqual(upstream.bill.totalPico);
});

test("L13 classify's second round for texts left out is an attempt under the same call", async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const verdict = (index: number, label: string) => ({ index, labels: [{ label, confidence: 0.9 }] });
  upstream.script(
    answer({ json: { results: [verdict(0, 'praise'), verdict(2, 'refund')] } }),
    answer({ json: { results: [verdict(1, 'delivery')] } }),
  );
  const texts = ['Lovely!', 'It never came.', 'Money back, please.'];
  const labels = ['refund', 'delivery', 'praise'];
  const reply = await weir.post('classify', { texts, labels });
  expect([reply.status, reply.headers['x-weir-attempts']]).toEqual([200, '2']);
  expect(reply.body['results']).toEqual([
    { label: 'praise', confidence: 0.9 },
    { label: 'delivery', confidence: 0.9 },
    { label: 'refund', confidence: 0.9 },
  ]);
  // Only what was left out is asked again.
  expect(upstream.requests[1]?.rawBody).toContain('It never came.');
  expect(upstream.requests[1]?.rawBody).not.toContain('Lovely!');

  const [entry, ...others] = await weir.ledger();
  expect(others).toEqual([]);
  expect(entry?.attempts.map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
  expect(entry?.holds).toMatchObject([{ pico: upstream.bill.totalPico }]);
  expect(entry?.costPico).toBe(upstream.bill.totalPico);
  const counter = expectBalanced(await weir.budget('classify'));
  expect([counter.spentPico, [...counter.holds]]).toEqual([upstream.bill.totalPico, []]);
});

test('L13 classify that leaves a text out twice fails, pays for both rounds under one call, and stores nothing', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ json: { results: [] } }));
  const body = { texts: ['Lovely!'], labels: ['refund', 'praise'] };
  const reply = await weir.post('classify', body);
  expect([reply.status, reply.body['code']]).toEqual([502, 'output_invalid']);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ outcome: 'output_invalid', costPico: upstream.bill.totalPico });
  await weir.post('classify', body);
  expect(upstream.requests).toHaveLength(4);
});
