import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import {
  badRequest,
  modelNotFound,
  rateLimited,
  requestTimeout,
  serverError,
  unavailable,
} from '#test/support/scripted-failures.ts';
import {
  answer,
  cutBody,
  failedResponse,
  htmlWith200,
  incomplete,
  reset,
  resetAfterBilling,
  truncatedJson,
} from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { upstreamPrices } from '#test/support/upstream-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const failures: readonly (() => Step)[] = [
  () => badRequest(),
  () => modelNotFound(),
  () => rateLimited({ retryAfterMs: 0 }),
  () => requestTimeout(),
  () => requestTimeout({ billed: true }),
  () => serverError(),
  () => unavailable(),
  () => reset(),
  () => resetAfterBilling(),
  () => htmlWith200(),
  () => truncatedJson(),
  () => cutBody(),
  () => failedResponse(),
  () => incomplete({ reason: 'max_output_tokens' }),
];

test.each([1, 2, 3])(
  'after a bad day (seed %i) the ledger’s sum is the upstream’s bill, unknown apart',
  async (seed) => {
    const random = seededRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const anyStep = (): Step => {
      if (random() < 0.4) return (failures[below(failures.length)] as () => Step)();
      const inputTokens = below(60);
      const cachedTokens = below(inputTokens);
      const cacheWriteTokens = below(inputTokens - cachedTokens);
      const outputTokens = below(100);
      const usage = { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens: below(outputTokens) };
      return answer({ usage });
    };
    await using upstream = await startScriptedUpstream({ prices: upstreamPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.otherwise((exchange) => anyStep()(exchange));

    // Two environments, five calls at a time in each, on one budget.
    const environments = [weir, weir.newEnvironment()];
    const statuses: number[] = [];
    for (let round = 0; round < 12; round++) {
      // Each a text of its own: of two that ask the same, one would wait for the other.
      const calls = environments.flatMap((environment, at) =>
        Array.from({ length: 5 }, (_, call) => environment.post('summarize', { text: `Text ${round} ${at} ${call}.` })),
      );
      statuses.push(...(await Promise.all(calls)).map(({ status }) => status));
    }

    expect(new Set(statuses)).not.toContain(500);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(40);
    expect(upstream.bill.lines.filter((line) => !line.delivered).length).toBeGreaterThan(0);
    await expectBooksToAgree(weir, upstream);

    const entries = await weir.ledger();
    const report = await weir.get('finance/spend', {}, { roles: ['finance'] });
    expect(report.body).toMatchObject({
      totalUsd: formatUsd(entries.reduce((sum, entry) => sum + entry.costPico, 0n)),
      unknownUsd: formatUsd(entries.reduce((sum, entry) => sum + entry.unknownPico, 0n)),
    });
  },
);
