import { expect, test } from 'vitest';
import type { Attempt } from '#ledger/entry.ts';
import { formatUsd } from '#platform/money.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import type { Step } from '#test/support/scripted-exchange.ts';
import {
  badRequest,
  contentFiltered,
  modelNotFound,
  rateLimited,
  serverError,
  unavailable,
} from '#test/support/scripted-failures.ts';
import {
  answer,
  choose,
  cutBody,
  failedResponse,
  htmlWith200,
  incomplete,
  refusal,
  reset,
  resetAfterBilling,
  truncatedJson,
} from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const CALLS = 200;
const ENDPOINTS = ['summarize', 'classify', 'embed'] as const;

/** All that an upstream may do, good answers the most. */
function anyStep(random: () => number): Step {
  const count = (most: number) => Math.floor(random() * most);
  const inputTokens = 1 + count(300_000);
  const cachedTokens = count(inputTokens / 2);
  const cacheWriteTokens = count(inputTokens / 2);
  const outputTokens = count(500);
  const usage = {
    inputTokens,
    cachedTokens,
    cacheWriteTokens,
    cacheWrite12hTokens: count(cacheWriteTokens + 1),
    outputTokens,
    reasoningTokens: count(outputTokens + 1),
  };
  const served = { usage, serviceTier: (['default', 'flex', 'priority', 'ultrafast'] as const)[count(4)] ?? 'default' };
  const failures: readonly Step[] = [
    serverError(),
    unavailable(),
    rateLimited({ retryAfterMs: 0 }),
    badRequest(),
    contentFiltered(),
    modelNotFound(),
    reset(),
    resetAfterBilling({ usage }),
    htmlWith200(),
    truncatedJson(served),
    cutBody(served),
    failedResponse(served),
    refusal('No.', served),
    incomplete({ ...served, reason: 'max_output_tokens' }),
    incomplete({ ...served, reason: 'content_filter' }),
  ];
  const good = [answer(), answer(served), answer({ ...served, model: 'gpt-5.6-luna' })][count(3)] as Step;
  const bad = failures[count(failures.length)] as Step;
  const fails = random() < 0.35;
  // An embedding has neither output nor tiers: it is answered plainly where it is answered.
  return choose(({ path }) => (fails ? bad : path === '/v1/embeddings' ? answer() : good));
}

function anyCall(random: () => number): readonly [(typeof ENDPOINTS)[number], object] {
  const word = () => Math.floor(random() * 4);
  const text = () => `The weir of ${word()} holds the river ${word()} back.`;
  const endpoint = ENDPOINTS[Math.floor(random() * ENDPOINTS.length)] ?? 'summarize';
  if (endpoint === 'summarize') return [endpoint, { text: text() }];
  if (endpoint === 'embed') return [endpoint, { texts: [text(), text(), text()], dimensions: 16 }];
  return [endpoint, { texts: [text(), text()], labels: ['river', 'wall'] }];
}

/** Two hundred calls of three callers on three endpoints; now and then in a fresh environment. */
async function makeCalls(weir: Weir, random: () => number): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let environment = weir.newEnvironment();
  for (let call = 0; call < CALLS; call++) {
    if (random() < 0.1) environment = weir.newEnvironment();
    const [endpoint, body] = anyCall(random);
    const caller = ['ada', 'bob', 'cy'][call % 3] as string;
    const { status } = await environment.post(endpoint, body, { caller });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    await weir.clock.advance(Math.floor(random() * 600_000));
  }
  return statuses;
}

test.each([20_261_122, 7, 4_711])(
  "the ledger is the upstream's bill, and spend is the ledger and the counters, to the pico-dollar (seed %i)",
  async (seed) => {
    const random = seededRandom(seed);
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.otherwise((exchange) => anyStep(random)(exchange));
    const statuses = await makeCalls(weir, random);
    // The mix is one: answers from the upstream and from the cache, and failures of each kind.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 422, 502, 504]));

    const entries = await weir.ledger();
    const attempts = entries.flatMap((entry) => entry.attempts);
    expect(attempts).toHaveLength(upstream.requests.length);
    expect(entries.some(({ cache }) => cache === 'hit')).toBe(true);

    // What was delivered: line by line, by OpenAI's request id.
    const exact = attempts.filter(({ basis }) => basis === 'exact');
    const costById = new Map(exact.map((attempt) => [attempt.upstreamRequestId, attempt.costPico]));
    const delivered = upstream.bill.lines.filter((line) => line.delivered);
    for (const line of delivered)
      expect([line.requestId, costById.get(line.requestId)]).toEqual([line.requestId, line.pico]);
    expect(sumOf(exact)).toBe(upstream.bill.deliveredPico);

    // What was not delivered stands apart, as unknown, and every such line of the bill has an attempt that covers it.
    const unknown = attempts.filter(({ basis }) => basis === 'unknown');
    const lost = upstream.bill.lines.length - delivered.length;
    expect(lost).toBeGreaterThan(0);
    expect(unknown.length).toBeGreaterThanOrEqual(lost);
    expect(attempts.filter(({ basis }) => basis === 'estimated')).toEqual([]);
    expect(sumOf(attempts)).toBe(upstream.bill.deliveredPico + sumOf(unknown));

    const totalPico = sumOf(attempts);
    expect(entries.reduce((sum, entry) => sum + entry.costPico, 0n)).toBe(totalPico);
    expect(entries.reduce((sum, entry) => sum + entry.unknownPico, 0n)).toBe(sumOf(unknown));

    let spentPico = 0n;
    for (const endpoint of ENDPOINTS) {
      const counter = expectBalanced(await weir.budget(endpoint));
      expect([...counter.holds]).toEqual([]);
      spentPico += counter.spentPico;
    }
    expect(spentPico).toBe(totalPico);

    for (const by of ['endpoint', 'caller', 'model', 'day', 'endpoint,caller,model,day']) {
      const { body } = await weir.get('finance/spend', { by }, { roles: ['finance'] });
      expect([body['totalUsd'], body['unknownUsd']]).toEqual([formatUsd(totalPico), formatUsd(sumOf(unknown))]);
    }
  },
  // Two hundred calls over sockets, on a machine that others use too.
  60_000,
);

function sumOf(attempts: readonly Attempt[]): bigint {
  return attempts.reduce((sum, attempt) => sum + attempt.costPico, 0n);
}
