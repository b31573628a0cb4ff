import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { serving } from '#test/support/haiku.ts';
import {
  badRequest,
  modelNotFound,
  quotaExhausted,
  rateLimited,
  serverError,
  unavailable,
} from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { reset } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import { lineEndpoint } from './line-endpoint.ts';
import { hear, SUMMARIZE, WAYS } from './ways.ts';

const CHUNKS = ['A weir ', 'holds.'];

async function setLimit(weir: Weir, endpoint: string, limitUsd: string): Promise<void> {
  const options = { roles: ['administrator'], params: { scope: `endpoint:${endpoint}` } } as const;
  const reply = await weir.put('finance/set-budget', { window: 'month', limitUsd }, options);
  expect(reply.status, reply.raw).toBe(200);
}

for (const way of WAYS) {
  const ask = (weir: Weir, options = {}) => weir.stream(way.entry, { ...way.body, stream: true }, options);

  test.each([
    ['a 500', serverError()],
    ['a 429', rateLimited()],
    ['a 503', unavailable()],
  ])(`R1 ${way.entry}: %s before the first byte is retried, and the stream is whole`, async (_, failure) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(failure, stream({ chunks: CHUNKS }));
    const heard = await hear(await ask(weir));
    expect([heard.text, heard.isWhole, upstream.requests.length]).toEqual([CHUNKS.join(''), true, 2]);
    expect((await weir.ledger())[0]!.attempts).toHaveLength(2);
    await expectBooksToAgree(weir, upstream, way.entry);
  });

  test(`R1 ${way.entry}: a failure that stays is a status, though a stream was asked for`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.otherwise(badRequest());
    const refused = await ask(weir);
    expect([refused.status, refused.headers['content-type']?.includes('json')]).toEqual([400, true]);
    upstream.otherwise(rateLimited({ retryAfterSeconds: 7_000 }));
    const throttled = await ask(weir);
    expect([throttled.status, throttled.headers['retry-after'], upstream.requests.length]).toEqual([429, '7000', 2]);
    upstream.otherwise(reset());
    expect((await ask(weir)).status).toBe(504);
    expect(weir.clock.pending).toBe(0);
  });

  test(`R2 ${way.entry}: a quota that is used up is a 503 after one request, and then after none`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.otherwise(quotaExhausted());
    for (let call = 0; call < 2; call++) {
      const reply = await ask(weir);
      expect([reply.status, reply.headers['x-should-retry'], upstream.requests.length]).toEqual([503, 'false', 1]);
    }
  });

  test(`L2 ${way.entry}: an exceeded budget is a 402 before any byte, and reaches nobody`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    await setLimit(weir, way.entry, '0.000001');
    const reply = await ask(weir);
    const text = await reply.text();
    expect([reply.status, reply.headers['x-should-retry'], upstream.requests.length]).toEqual([402, 'false', 0]);
    expect(text).toContain('budget_exceeded');
    expect(text).toContain(`endpoint:${way.entry}`);
    expect(heldIn(expectBalanced(await weir.budget(way.entry)))).toBe(0n);
  });

  test(`R6, R8 ${way.entry}: heartbeats before the answer do not forbid a retry`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const thinking = new Gate();
    const failing = new Gate();
    upstream.script(
      async (exchange) => {
        await Promise.race([failing.pass(), exchange.request.ending]);
        await serverError()(exchange);
      },
      stream({ chunks: CHUNKS, thinking }),
    );
    const opened = ask(weir, { remainingMs: 120_000 });
    await failing.reached();
    await weir.clock.advance(15_000);
    const reply = await opened;
    expect(reply.status).toBe(200);
    failing.open();
    await thinking.reached();
    thinking.open();
    const heard = await hear(reply);
    expect([heard.text, heard.isWhole, upstream.requests.length]).toEqual([CHUNKS.join(''), true, 2]);
    expect(heard.events.some(({ comment }) => comment === 'heartbeat')).toBe(true);
  });
}

test('a fallback model streams in place of the one that is not there', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(modelNotFound(), stream({ chunks: CHUNKS }));
  const heard = await hear(await weir.stream('summarize', { ...SUMMARIZE.body, stream: true }));
  expect([heard.text, heard.receipt?.['model']]).toEqual([CHUNKS.join(''), 'gpt-5.6-luna']);
  expect(upstream.requests.map(({ body }) => [body.model, body.stream])).toEqual([
    ['gpt-6-luna', true],
    ['gpt-5.6-luna', true],
  ]);
  await expectBooksToAgree(weir, upstream);
});

test('L2 where an endpoint allows it, a stream is cut down to what the rest of a budget buys', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const limits = { timeoutMs: 25_000, maxOutputTokens: 2_000, leastOutputTokens: 10 };
  const environment = serving(weir, { line: lineEndpoint({ limits, budget: { monthlyUsd: '0.0001' } }) });
  upstream.script(stream({ chunks: CHUNKS }));
  const heard = await hear(await environment.stream('line', { topic: 'rain', stream: true }));
  expect([heard.text, heard.isWhole]).toEqual([CHUNKS.join(''), true]);
  const sent = upstream.requests[0]!.body['max_output_tokens'] as number;
  expect(sent).toBeGreaterThanOrEqual(10);
  expect(sent).toBeLessThan(200);
  expect((await weir.ledger())[0]!.costPico).toBe(upstream.bill.totalPico);
});
