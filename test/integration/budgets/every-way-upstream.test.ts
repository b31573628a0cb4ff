import { expect, test } from 'vitest';
import type { Entry } from '#infra/inventory.ts';
import { parametersOf } from '#infra/path-parameters.ts';
import { heldIn } from '#budgets/part.ts';
import { startFaultProxy } from '#test/support/fault-proxy.ts';
import { growFunctions } from '#test/support/functions-tree.ts';
import { plainAnswers } from '#test/support/plain-answers.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

/**
 * Sets every entry of an inventory to work, over all of its ways in, and looks at each request to the upstream as it comes: at that
 * moment the endpoint's budget must hold at least what the request is then billed, and in the end the ledger must know of it.
 */
async function unheldRequests(functionsFolder?: string): Promise<{ faults: string[]; seen: Map<string, number> }> {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  upstream.otherwise(plainAnswers);
  await using proxy = await startFaultProxy({ target: new URL(upstream.baseUrl).origin });
  const baseUrl = `${proxy.endpoint}/v1`;
  await using weir = await startWeir({ baseUrl, ...(functionsFolder !== undefined && { functionsFolder }) });
  (globalThis as Record<symbol, unknown>)[LEAK_URL] = baseUrl;
  const faults: string[] = [];
  const seen = new Map<string, number>();
  let entry: Entry | undefined;
  proxy.rules.push({
    fault: async (exchange) => {
      const { name } = entry!;
      const head = await weir.budget(name);
      const heldPico = head ? heldIn(head) : 0n;
      const billedBefore = upstream.bill.totalPico;
      exchange.reply(await exchange.forward());
      const billedPico = upstream.bill.totalPico - billedBefore;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      // What costs nothing is held too, at nothing: the hold is the call's record.
      if (heldPico < billedPico || !head?.holds.size) faults.push(`${name}: ${billedPico} billed, ${heldPico} held`);
    },
  });
  for (entry of weir.entries) {
    await setToWork(weir, entry);
    const recorded = (await weir.ledger()).filter((call) => call.endpoint === entry!.name);
    const attempts = recorded.reduce((count, call) => count + call.attempts.length, 0);
    const requests = seen.get(entry.name) ?? 0;
    if (attempts !== requests) faults.push(`${entry.name}: ${requests} requests, ${attempts} in the ledger`);
  }
  return { faults, seen };
}

async function setToWork(weir: Weir, { name, spec }: Entry): Promise<void> {
  if (spec.kind === 'endpoint') {
    const reply = await weir.post(name, spec.example, { headers: { 'cache-control': 'no-store' } });
    expect([name, reply.status]).toEqual([name, 200]);
    if (spec.stream) await readStream(weir, name, spec.example);
    if (!spec.hasQueue) return;
    // Another caller, the queue: so that no answer comes from the cache.
    const outcome = await weir.sqs(name, [{ id: 'one', input: spec.example }]);
    expect([name, outcome.failed, weir.logged('a message failed')]).toEqual([name, [], []]);
  } else if (spec.kind === 'schedule' || spec.kind === 'rotation') {
    await weir.runSchedule(name);
  } else if (spec.kind === 'route') {
    const params = Object.fromEntries(parametersOf(spec.path).map((parameter) => [parameter, 'account']));
    const options = { roles: ['caller', 'finance', 'administrator'], params } as const;
    if (spec.method === 'PUT') await weir.put(name, { limitUsd: '5' }, options);
    else await weir.get(name, {}, options);
  } else {
    const event = { type: 'TOKEN', authorizationToken: 'Bearer nobody', methodArn: 'arn:aws:execute-api:x:y:z/s/GET/' };
    await weir.invoke(name, event).catch(() => undefined);
  }
}

/** The same as a stream, to its end. */
async function readStream(weir: Weir, name: string, example: unknown): Promise<void> {
  const body = { ...(example as object), stream: true };
  const reply = await weir.stream(name, body, { headers: { 'cache-control': 'no-store' } });
  const text = await reply.text();
  expect([name, reply.status, await reply.settled]).toEqual([name, 200, undefined]);
  expect(text, name).not.toMatch(/^event: error|^data: {"error"/m);
}

test('L12 whatever reaches the upstream is held before it is sent, and stands in the ledger: every entry, every way in', async () => {
  const { faults, seen } = await unheldRequests();
  expect(faults).toEqual([]);
  // Plain, as a stream, and from the queue, where there is one.
  const ways = {
    summarize: 3,
    classify: 2,
    embed: 2,
    'openai/chat-completions': 2,
    'openai/responses': 2,
    'openai/embeddings': 1,
    'openai/moderations': 1,
  };
  for (const [endpoint, count] of Object.entries(ways)) {
    expect(seen.get(endpoint), endpoint).toBeGreaterThanOrEqual(count);
  }
});

test('L12 an endpoint that goes its own way upstream is found', async () => {
  await using tree = await growFunctions({ 'endpoints/leak.ts': LEAK });
  const { faults } = await unheldRequests(tree.functionsFolder);
  expect(faults).toEqual([
    expect.stringMatching(/^leak: \d+ billed, 0 held$/),
    expect.stringMatching(/^leak: \d+ billed, 0 held$/),
    'leak: 2 requests, 0 in the ledger',
  ]);
});

/** Where the upstream is, for an endpoint that asks nobody. */
const LEAK_URL = Symbol.for('weir.test.leak-url');

const LEAK = `
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { small } from '#edge/models.ts';

export const { handler, spec } = defineEndpoint({
  summary: 'Asks the upstream behind the money path.',
  input: z.strictObject({ text: z.string() }),
  output: z.strictObject({ status: z.int() }),
  example: { text: 'Hello.' },
  model: small,
  limits: { timeoutMs: 10_000, maxOutputTokens: 16 },
  run: async ({ text }) => {
    const body = JSON.stringify({ model: 'gpt-6-luna', input: text, max_output_tokens: 16 });
    const headers = { 'content-type': 'application/json' };
    const url = globalThis[Symbol.for('weir.test.leak-url')];
    const { status } = await fetch(url + '/responses', { method: 'POST', headers, body });
    return { status };
  },
});
`;
