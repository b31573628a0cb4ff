import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { modelNotFound, serverError } from '#test/support/scripted-failures.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const body = { text: 'A weir is a low wall across a river.' };
/** 1,000 tokens in and 100 out. */
const usage = { inputTokens: 1_000, outputTokens: 100 };
const withoutPrimary = choose(({ body: { model } }) => (model === 'gpt-6-luna' ? modelNotFound() : answer({ usage })));

test('a model that is gone is replaced by the fallback, without a token', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.script(serverError(), serverError());
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  // The one token is gone with this call.
  await weir.post('summarize', body);
  upstream.otherwise(withoutPrimary);
  const reply = await weir.post('summarize', body);
  expect([reply.status, reply.headers['x-weir-model'], reply.headers['x-weir-attempts']]).toEqual([
    200,
    'gpt-5.6-luna',
    '2',
  ]);
  await expectBooksToAgree(weir, upstream);
});

test('L10 the fallback’s answer is priced by the fallback’s row, and named in ledger, reply and log', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(withoutPrimary);
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('summarize', body);
  // 1,000 × $0.20 and 100 × $1.20 a million.
  expect(reply.headers).toMatchObject({ 'x-weir-cost-usd': '0.00032', 'x-weir-model': 'gpt-5.6-luna' });
  expect(await weir.ledger()).toMatchObject([
    {
      model: 'gpt-5.6-luna',
      costPico: 320_000_000n,
      attempts: [
        { modelAsked: 'gpt-6-luna', outcome: 'model-not-found', costPico: 0n },
        { modelAsked: 'gpt-5.6-luna', modelServed: 'gpt-5.6-luna', priceRow: 'gpt-5.6-luna@2026-07-30' },
      ],
    },
  ]);
  expect(weir.logged('call')).toMatchObject([
    { 'gen_ai.request.model': 'gpt-6-luna', 'gen_ai.response.model': 'gpt-5.6-luna', costUsd: '0.00032' },
  ]);
  await expectBooksToAgree(weir, upstream);
});

test('the dearer fallback is held for before it is sent', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  let heldPico = 0n;
  upstream.script(modelNotFound(), async (exchange) => {
    const counter = await weir.budget('summarize');
    heldPico = (counter?.limitPico ?? 0n) - (counter?.availablePico ?? 0n);
    await answer({ usage })(exchange);
  });
  await weir.post('summarize', body);
  // Of 2,000 output tokens alone, at $1.20 a million.
  expect(heldPico).toBeGreaterThan(2_000n * 1_200_000n);
});

test('C3 a fallback’s answer is not cached under the primary’s key', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(withoutPrimary);
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body);
  upstream.otherwise(answer());
  const next = await weir.post('summarize', body);
  expect([next.headers['x-weir-cache'], next.headers['x-weir-model']]).toEqual(['miss', 'gpt-6-luna']);
  expect((await weir.post('summarize', body)).headers['x-weir-cache']).toBe('hit');
});

test('C3 nor is it when the fallback’s name begins with the primary’s', async () => {
  await using upstream = await startScriptedUpstream();
  upstream.otherwise(choose(({ body: { model } }) => (model === 'gpt-5' ? modelNotFound() : answer())));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const model = { name: 'old', model: 'gpt-5', fallbacks: ['gpt-5-mini'] };
  const environment = serving(weir, { haiku: haiku({ model, deterministic: { ttlSeconds: 600 } }) });
  const first = await environment.post('haiku', { topic: 'rain' });
  expect(first.headers).toMatchObject({ 'x-weir-cache': 'miss', 'x-weir-model': 'gpt-5-mini' });
  expect((await environment.post('haiku', { topic: 'rain' })).headers['x-weir-cache']).toBe('miss');
});

test('C3 a dated snapshot of the model that was asked is cached', async () => {
  await using upstream = await startScriptedUpstream();
  upstream.otherwise(answer({ model: 'gpt-6-luna-2026-09-22' }));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('summarize', body);
  expect((await weir.post('summarize', body)).headers['x-weir-cache']).toBe('hit');
});

test('L9 an answer of a model that nobody has a price for counts at its bound, never $0', async () => {
  const prices = { 'gpt-9-mystery': { input: 100_000n, cachedInput: 100_000n, output: 500_000n } };
  await using upstream = await startScriptedUpstream({ prices });
  upstream.otherwise(answer({ model: 'gpt-9-mystery' }));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  expect((await weir.post('summarize', body)).status).toBe(200);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ basis: 'unknown', model: 'gpt-9-mystery' });
  expect(entry?.unknownPico).toBeGreaterThan(upstream.bill.totalPico);
  expect(weir.logged('an answer has no price')).toHaveLength(1);
});

test('L8 an answer without usage is charged by an estimate, and says so', async () => {
  await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
  upstream.otherwise(answer({ usage: 'absent' }));
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  expect((await weir.post('summarize', body)).status).toBe(200);
  const [entry] = await weir.ledger();
  expect(entry?.basis).toBe('estimated');
  // The upstream counts four bytes a token, the estimate by classes of characters: alike, not the same.
  const [charged, billed] = [Number(entry?.costPico), Number(upstream.bill.totalPico)];
  expect(charged).toBeGreaterThan(billed / 2);
  expect(charged).toBeLessThan(billed * 2);
});
