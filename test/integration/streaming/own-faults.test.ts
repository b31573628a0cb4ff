import { expect, test } from 'vitest';
import { growFunctions } from '#test/support/functions-tree.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

/** An endpoint with these members beside the usual ones. */
const endpointWith = (members: string) => `
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { small } from '#edge/models.ts';

export const { handler, spec } = defineEndpoint({
  summary: 'Says something.',
  input: z.strictObject({ topic: z.string() }),
  output: z.strictObject({ said: z.any() }),
  example: { topic: 'rain' },
  model: small,
  stream: { timeoutMs: 120_000 },
  ${members}
});
`;
const LIMITS = 'limits: { timeoutMs: 20_000, maxOutputTokens: 100 },';
const PROMPT = "prompt: ({ topic }) => ({ instructions: 'Say something.', input: topic }),";

/** Streams one answer of such an endpoint to its end. */
async function told(members: string) {
  await using tree = await growFunctions({ 'endpoints/spell.ts': endpointWith(members) });
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, functionsFolder: tree.functionsFolder });
  upstream.otherwise(stream({ chunks: ['Rain ', 'falls.'] }));
  const reply = await weir.stream('spell', { topic: 'rain', stream: true });
  const text = await reply.text();
  await reply.settled;
  const faults = weir.logged('an unplanned error').length;
  return { status: reply.status, text, faults, requests: upstream.requests.length, entries: await weir.ledger() };
}

test('an output that cannot be printed ends the stream with an error, and is logged', async () => {
  const { text, faults, entries } = await told(`${LIMITS} ${PROMPT} fromText: () => ({ said: 10n }),`);
  expect(text).toContain('event: error');
  expect([text.includes('event: done'), faults, entries.length]).toEqual([false, 1, 1]);
});

test('a stop condition that throws is our own fault: a 500, asked once, logged, and paid for', async () => {
  const stopWhen = "stopWhen: () => ({ push: () => { throw new Error('broken'); }, end: () => '' }),";
  const { status, faults, requests, entries } = await told(
    `${LIMITS} ${PROMPT} ${stopWhen} fromText: (said) => ({ said }),`,
  );
  expect([status, faults, requests]).toEqual([500, 1, 1]);
  expect(entries.map(({ outcome, costPico }) => [outcome, costPico > 0n])).toEqual([['internal', true]]);
});

test('a second answer that is to be shown is refused, for the first cannot be taken back', async () => {
  const run = `run: async ({ topic }, call) => {
    const asked = { instructions: 'Say something.', input: topic, isShown: true };
    await call.write(asked);
    return { said: (await call.write(asked)).text };
  },`;
  const { text, faults, requests } = await told(`${LIMITS} ${run}`);
  expect(text).toContain('event: error');
  expect([faults, requests]).toEqual([1, 1]);
});

test('the time of an attempt is over when its answer has begun: a stream that flows is not cut by it', async () => {
  const limits = 'limits: { timeoutMs: 60_000, maxOutputTokens: 100, attemptTimeoutMs: 5_000 },';
  await using tree = await growFunctions({
    'endpoints/spell.ts': endpointWith(`${limits} ${PROMPT} fromText: (said) => ({ said }),`),
  });
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, functionsFolder: tree.functionsFolder });
  const gate = new Gate();
  upstream.script(
    stream({
      chunks: (async function* () {
        yield 'Rain ';
        await gate.pass();
        yield 'falls.';
      })(),
    }),
  );
  const reply = await weir.stream('spell', { topic: 'rain', stream: true });
  await weir.clock.advance(6_000);
  gate.open();
  expect(await reply.text()).toContain('"output":{"said":"Rain falls."}');
});
