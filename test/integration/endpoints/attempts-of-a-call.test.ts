import { describe, expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import { modelNotFound, serverError } from '#test/support/scripted-failures.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { hearText } from '../streaming/ways.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { ASKED_WAYS, type AskedWay } from './asked-ways.ts';
import { FailingUpstream } from './failing-upstream.ts';

/** Steps for the question at hand, one a request, and good answers behind them. */
function inTurn(...steps: Step[]): Step {
  return (exchange) => (steps.shift() ?? plainAnswers)(exchange);
}

/** What the reply tells of its call: in its headers, or at the end of its stream. */
async function toldBy({ reply }: Awaited<ReturnType<FailingUpstream['ask']>>, { isStreamed }: AskedWay) {
  if (!isStreamed) return { cost: reply.headers['x-weir-cost-usd'], model: reply.headers['x-weir-model'] };
  const { receipt } = await hearText(reply.raw);
  return { cost: receipt?.['costUsd'], model: receipt?.['model'] };
}

describe.each(ASKED_WAYS)('$way', (asked) => {
  test('L13 fallback and retry are attempts of the one call, beside all else that it asks', async () => {
    await using failing = await FailingUpstream.start(asked);
    const { weir, upstream } = failing;
    const hasFallback = asked.models > 1;
    failing.fails(hasFallback ? inTurn(modelNotFound(), serverError()) : inTurn(serverError()));
    const outcome = await failing.ask();
    expect(outcome.reply.status).toBe(200);
    const [entry, ...others] = await weir.ledger();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ endpoint: asked.endpoint, outcome: 'completed', basis: 'exact' });
    const besides = upstream.requests.length - outcome.atHand.length;
    expect(besides).toBeGreaterThanOrEqual(asked.besides);
    expect(entry!.attempts).toHaveLength(upstream.requests.length);
    // What is asked beside the question at hand has its answer before that fails.
    const atHand = entry!.attempts.slice(asked.besides, asked.besides + outcome.atHand.length);
    const failed = hasFallback ? ['model-not-found', 'failed'] : ['failed'];
    const byRequest = entry!.attempts.map(({ modelAsked }) => modelAsked).toSorted();
    expect(byRequest).toEqual(upstream.requests.map(({ body }) => body.model!).toSorted());
    const outcomes = entry!.attempts.map((attempt) => attempt.outcome).filter((each) => each !== 'answered');
    expect(outcomes).toEqual(failed);
    if (hasFallback) expect(new Set(atHand.map(({ modelAsked }) => modelAsked)).size).toBe(2);
    if (asked.spec.model?.name !== 'moderation') await expectBooksToAgree(weir, upstream, asked.endpoint);
    expect((await toldBy(outcome, asked)).cost).toBe(formatUsd(entry!.costPico));
  });

  if (asked.isWritten)
    test('L10 it is priced by the model and the tier that served, to the pico-dollar', async () => {
      await using failing = await FailingUpstream.start(asked);
      const { weir, upstream } = failing;
      const usage = {
        inputTokens: 1_000,
        cachedTokens: 100,
        cacheWriteTokens: 50,
        outputTokens: 40,
        reasoningTokens: 10,
      };
      const served = { model: 'gpt-5.6-luna', serviceTier: 'flex', usage };
      const labelled = choose(({ body }) => {
        const schema: { readonly properties?: object } = body.text?.format?.schema ?? {};
        const isLabels = 'results' in (schema.properties ?? {});
        const results = [{ index: 0, labels: [{ label: 'delivery', confidence: 0.9 }] }];
        return answer(isLabels ? { ...served, json: { results } } : served);
      });
      failing.fails(labelled);
      const outcome = await failing.ask();
      expect(outcome.reply.status).toBe(200);
      const [entry] = await weir.ledger();
      // By hand, in pico-dollars a token at half of gpt-5.6-luna's price: 0.10, 0.01, 0.125 and 0.60 USD a million.
      const pico = 850n * 100_000n + 100n * 10_000n + 50n * 125_000n + 40n * 600_000n;
      const atHand = entry!.attempts.filter(({ modelServed }) => modelServed === 'gpt-5.6-luna');
      expect(atHand).toMatchObject([{ costPico: pico, serviceTier: 'flex', basis: 'exact' }]);
      await expectBooksToAgree(weir, upstream, asked.endpoint);
      expect((await toldBy(outcome, asked)).cost).toBe(formatUsd(entry!.costPico));
    });
});
