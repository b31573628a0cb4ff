import { expect, test } from 'vitest';
import { embedding, small } from '#edge/models.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { modelNotFound } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, type AnswerOptions } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const SNAPSHOT = 'gpt-6-luna-2026-09-22';
const prices = { ...tieredPrices, [SNAPSHOT]: tieredPrices['gpt-6-luna']! };

/** A served answer, and by hand what it costs in pico-dollars. */
const served: readonly (readonly [string, AnswerOptions, bigint])[] = [
  ['plain tokens', { usage: { inputTokens: 1_000, outputTokens: 100 } }, 100_000_000n + 50_000_000n],
  ['one token', { usage: { inputTokens: 1, outputTokens: 0 } }, 100_000n],
  [
    'cached input, a part of the input, at its own price',
    { usage: { inputTokens: 1_000, cachedTokens: 900, outputTokens: 100 } },
    10_000_000n + 9_000_000n + 50_000_000n,
  ],
  [
    'input written to the cache for 30 minutes and for 12 hours',
    { usage: { inputTokens: 1_000, cacheWriteTokens: 600, cacheWrite12hTokens: 200, outputTokens: 100 } },
    40_000_000n + 50_000_000n + 50_000_000n + 50_000_000n,
  ],
  [
    'reasoning, a part of the output, once',
    { usage: { inputTokens: 1_000, outputTokens: 100, reasoningTokens: 80 } },
    150_000_000n,
  ],
  [
    'a snapshot at the price of its model',
    { model: SNAPSHOT, usage: { inputTokens: 1_000, outputTokens: 100 } },
    150_000_000n,
  ],
  [
    'another model than was asked, at the price of the one that served',
    { model: 'gpt-5.6-luna', usage: { inputTokens: 1_000, outputTokens: 100 } },
    320_000_000n,
  ],
  ['flex at half', { serviceTier: 'flex', usage: { inputTokens: 1_000, outputTokens: 100 } }, 75_000_000n],
  ['priority at double', { serviceTier: 'priority', usage: { inputTokens: 1_000, outputTokens: 100 } }, 300_000_000n],
  ['fast, which is priority', { serviceTier: 'fast', usage: { inputTokens: 1_000, outputTokens: 100 } }, 300_000_000n],
  [
    'ultrafast at six times',
    { serviceTier: 'ultrafast', usage: { inputTokens: 1_000, outputTokens: 100 } },
    900_000_000n,
  ],
  [
    'no tier in the reply as the standard one',
    { serviceTier: null, usage: { inputTokens: 1_000, outputTokens: 100 } },
    150_000_000n,
  ],
  [
    'the last token before long context',
    { usage: { inputTokens: 272_000, outputTokens: 100 } },
    27_200_000_000n + 50_000_000n,
  ],
  [
    'long context, all of it: input twice, output half as much again',
    { usage: { inputTokens: 272_001, outputTokens: 100 } },
    54_400_200_000n + 75_000_000n,
  ],
  [
    'everything at once',
    {
      model: 'gpt-5.6-luna',
      serviceTier: 'priority',
      usage: {
        inputTokens: 300_000,
        cachedTokens: 100_000,
        cacheWriteTokens: 50_000,
        cacheWrite12hTokens: 20_000,
        outputTokens: 1_000,
        reasoningTokens: 700,
      },
    },
    // 150,000 plain, 100,000 cached, 30,000 for 30 minutes, 20,000 for 12 hours: each × 2 × 2; 1,000 out × 1.5 × 2.
    120_000_000_000n + 8_000_000_000n + 30_000_000_000n + 40_000_000_000n + 3_600_000_000n,
  ],
];

test.each(served)('L10 the ledger prices %s', async (_, said, pico) => {
  await using upstream = await startScriptedUpstream({ prices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer(said));
  const reply = await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  expect(reply.status).toBe(200);
  expect(upstream.bill.totalPico).toBe(pico);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ costPico: pico, unknownPico: 0n, basis: 'exact', model: said.model ?? 'gpt-6-luna' });
  expect(entry?.attempts).toMatchObject([
    {
      modelAsked: 'gpt-6-luna',
      modelServed: said.model ?? 'gpt-6-luna',
      priceRow: `${(said.model ?? 'gpt-6-luna').slice(0, said.model === SNAPSHOT ? 10 : undefined)}@${said.model === 'gpt-5.6-luna' ? '2026-07-30' : '2026-09-22'}`,
      costPico: pico,
      ...(said.serviceTier !== null && { serviceTier: said.serviceTier ?? 'default' }),
    },
  ]);
  // The settlement charges the actual cost, also above what was held, and then says so.
  const counter = expectBalanced(await weir.budget('haiku'));
  expect(counter.spentPico).toBe(pico);
});

test('L10 the ledger keeps tokens by kind, and the reply names what was served and what it cost', async () => {
  await using upstream = await startScriptedUpstream({ prices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const usage = {
    inputTokens: 1_000,
    cachedTokens: 100,
    cacheWriteTokens: 60,
    cacheWrite12hTokens: 20,
    outputTokens: 100,
    reasoningTokens: 80,
  };
  upstream.script(answer({ model: SNAPSHOT, usage }));
  const reply = await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  const [entry] = await weir.ledger();
  const kinds = {
    inputTokens: 1_000,
    cachedInputTokens: 100,
    cacheWrite30mTokens: 40,
    cacheWrite12hTokens: 20,
    outputTokens: 100,
    reasoningTokens: 80,
  };
  expect(entry?.usage).toEqual(kinds);
  expect(entry?.attempts[0]?.usage).toEqual(kinds);
  // 840 plain, 100 cached, 40 and 20 written, 100 out.
  expect(reply.headers).toMatchObject({
    'x-weir-model': SNAPSHOT,
    'x-weir-cost-usd': '0.000145',
    'x-weir-attempts': '1',
  });
});

test('L10 a call that cost more than was held is charged in full and raises an alarm', async () => {
  await using upstream = await startScriptedUpstream({ prices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer({ usage: { inputTokens: 300_000, outputTokens: 100 } }));
  const environment = serving(weir, { haiku: haiku({ budget: { monthlyUsd: '0.01' } }) });
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  expect(weir.logged('a call cost more than was held')).toMatchObject([{ alarm: 'over-hold', endpoint: 'haiku' }]);
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([counter.spentPico, [...counter.holds]]).toEqual([60_075_000_000n, []]);
  expect(counter.availablePico).toBeLessThan(0n);
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(402);
});

test.each([
  ['a model', { model: 'gpt-7-unheard-of' }],
  ['a tier', { serviceTier: 'turbo' }],
  ['capacity bought in advance', { serviceTier: 'scale' }],
  ['a model whose name only begins like ours', { model: 'gpt-6-luna-pro' }],
])('L9 an answer served by %s without a price counts at its bound, as unknown, and never as $0', async (_, said) => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ ...said, gate }));
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  await gate.reached();
  const held = expectBalanced(await weir.budget('haiku'));
  gate.open();
  expect((await calling).status).toBe(200);
  const [entry] = await weir.ledger();
  const boundPico = held.limitPico - held.availablePico;
  expect(boundPico).toBe(60n * 125_000n + 100n * 500_000n);
  expect(entry).toMatchObject({ costPico: boundPico, unknownPico: boundPico, basis: 'unknown' });
  expect(expectBalanced(await weir.budget('haiku')).spentPico).toBe(boundPico);
  expect(weir.logged('an answer has no price')).toHaveLength(1);
});

test('L9 usage that contradicts itself is no price: its answer counts at its bound', async () => {
  await using upstream = await startScriptedUpstream({ prices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(answer({ usage: { inputTokens: 10, cachedTokens: 11, outputTokens: 1 } }));
  expect((await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' })).status).toBe(200);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ basis: 'unknown', costPico: 60n * 125_000n + 100n * 500_000n });
});

test('L9 an endpoint whose model has no price is refused at run time, before anything is held or sent', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const model = { name: 'mystery', model: 'gpt-7-unheard-of', fallbacks: [] };
  const reply = await serving(weir, { haiku: haiku({ model }) }).post('haiku', { topic: 'rain' });
  expect([reply.status, reply.body['code'], reply.headers['x-should-retry']]).toEqual([500, 'configuration', 'false']);
  expect(upstream.requests).toHaveLength(0);
  expect(await weir.budget('haiku')).toBeUndefined();
  expect(await weir.ledger()).toEqual([]);
});

test('L9 a fallback without a price is not asked either, and what was tried before stays recorded', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(modelNotFound());
  const model = { ...small, fallbacks: ['gpt-7-unheard-of'] };
  const reply = await serving(weir, { haiku: haiku({ model }) }).post('haiku', { topic: 'rain' });
  expect([reply.status, reply.body['code']]).toEqual([500, 'configuration']);
  expect(upstream.requests).toHaveLength(1);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ costPico: 0n, attempts: [{ outcome: 'model-not-found', status: 404 }] });
  expect([...expectBalanced(await weir.budget('haiku')).holds]).toEqual([]);
});

test('L9 a model that puts out no tokens cannot be asked to write', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await serving(weir, { haiku: haiku({ model: embedding }) }).post('haiku', { topic: 'rain' });
  expect([reply.status, reply.body['code']]).toEqual([500, 'configuration']);
  expect(upstream.requests).toHaveLength(0);
});

test('an answer without usage is priced by an estimate, and says so', async () => {
  await using upstream = await startScriptedUpstream({ prices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(
    answer({ text: 'Rain on still water, rings that widen and are gone, the pond forgets it.', usage: 'absent' }),
  );
  expect((await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' })).status).toBe(200);
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ basis: 'estimated', unknownPico: 0n });
  // The upstream counts four bytes a token; the estimate may differ from it by a third here, where there is so little.
  const billed = Number(upstream.bill.totalPico);
  expect(Number(entry?.costPico)).toBeGreaterThan(billed * 0.66);
  expect(Number(entry?.costPico)).toBeLessThan(billed * 1.33);
  expect(expectBalanced(await weir.budget('haiku')).spentPico).toBe(entry?.costPico);
});
