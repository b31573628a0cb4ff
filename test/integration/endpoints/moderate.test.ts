import { expect, test } from 'vitest';
import { growFunctions } from '#test/support/functions-tree.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

test('texts are judged each by itself, in order, for nothing, and the second time from the cache', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ flagged: true }));
  const one = await weir.post('moderate', { text: 'I will hurt you.' });
  expect([one.status, one.body['flagged'], one.headers['x-weir-cost-usd']]).toEqual([200, true, '0']);
  expect(one.body['categories']).toEqual(['violence']);
  const many = await weir.post('moderate', { texts: ['a', 'b', 'c'] });
  expect(many.body['results']).toHaveLength(3);
  // Verdicts hold for everybody.
  const again = await weir.post('moderate', { texts: ['a', 'b', 'c'] }, { caller: 'bob' });
  expect([again.headers['x-weir-cache'], again.body]).toEqual(['hit', many.body]);
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/v1/moderations', '/v1/moderations']);
  const entries = await weir.ledger();
  expect(entries.map(({ costPico, basis }) => [costPico, basis])).toEqual([
    [0n, 'exact'],
    [0n, 'exact'],
    [0n, 'exact'],
  ]);
});

test.each([
  [{}, 'text or texts must be given, and not both'],
  [{ text: 'a', texts: ['b'] }, 'text or texts must be given, and not both'],
  [{ texts: [] }, 'texts must have at least 1 item, but 0 items were provided'],
])('%j is refused with the reason', async (body, detail) => {
  await using weir = await startWeir({ baseUrl: 'http://127.0.0.1:9/v1' });
  const reply = await weir.post('moderate', body);
  expect([reply.status, reply.body['detail']]).toEqual([400, detail]);
});

const SPELL = `
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { small } from '#edge/models.ts';

export const { handler, spec } = defineEndpoint({
  summary: 'Says something.',
  input: z.strictObject({ topic: z.string() }),
  output: z.strictObject({ said: z.string() }),
  example: { topic: 'rain' },
  model: small,
  limits: { timeoutMs: 20_000, maxOutputTokens: 100 },
  stream: { timeoutMs: 20_000 },
  moderate: ({ topic }) => [topic],
  prompt: ({ topic }) => ({ instructions: 'Say something.', input: topic }),
  fromText: (said) => ({ said }),
});
`;

test('an endpoint that moderates its input refuses what is flagged, and what the model did meanwhile is paid for', async () => {
  await using tree = await growFunctions({ 'endpoints/spell.ts': SPELL });
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, functionsFolder: tree.functionsFolder });
  const gate = new Gate();
  upstream.otherwise(
    choose(({ path }) => (path.endsWith('moderations') ? answer({ flagged: true }) : answer({ gate, text: 'Rain.' }))),
  );
  const refused = await weir.post('spell', { topic: 'I will hurt you.' });
  expect([refused.status, refused.body['code'], refused.body['categories']]).toEqual([
    422,
    'input_flagged',
    ['violence'],
  ]);
  expect(refused.headers['x-should-retry']).toBe('false');
  gate.open();
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ outcome: 'input_flagged' });
  expect(entry!.costPico).toBeGreaterThanOrEqual(upstream.bill.totalPico);
});

test('with moderation in front, nothing of a stream is told, or asked of the model, before the verdict', async () => {
  await using tree = await growFunctions({ 'endpoints/spell.ts': SPELL });
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl, functionsFolder: tree.functionsFolder });
  upstream.script(answer({ flagged: true }));
  const refused = await weir.stream('spell', { topic: 'I will hurt you.', stream: true });
  expect([refused.status, upstream.requests.length]).toEqual([422, 1]);
  upstream.otherwise(answer({ text: 'Rain.' }));
  const told = await weir.stream('spell', { topic: 'rain', stream: true });
  expect(await told.text()).toContain('"output":{"said":"Rain."}');
  const entry = (await weir.ledger()).find(({ outcome }) => outcome === 'completed');
  expect(entry!.attempts.map(({ modelAsked }) => modelAsked)).toEqual(['omni-moderation-latest', 'gpt-6-luna']);
});
