import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { small } from '#edge/models.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { modelNotFound, serverError } from '#test/support/scripted-failures.ts';
import {
  answer,
  cutBody,
  failedResponse,
  hang,
  incomplete,
  refusal,
  truncatedJson,
} from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const WEIR_TEXT = { text: 'A weir is a low wall across a river.' };

test.each([
  ['truncated', incomplete({ reason: 'max_output_tokens' }), 502],
  ['filtered', incomplete({ reason: 'content_filter' }), 422],
  ['refused', refusal(), 422],
  ['failed', failedResponse(), 502],
  ['an error', serverError(), 502],
  ['cut', cutBody(), 502],
  ['half a JSON document', truncatedJson(), 502],
  ['empty where the endpoint promises words', answer({ text: ' \n ' }), 502],
])('C3 an answer that is %s is never stored: the next call asks again', async (_, step, status) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(step);
  expect((await weir.post('summarize', WEIR_TEXT)).status).toBe(status);
  const before = upstream.requests.length;
  upstream.otherwise(answer());
  const next = await weir.post('summarize', WEIR_TEXT);
  expect([next.status, next.headers['x-weir-cache']]).toEqual([200, 'miss']);
  expect(upstream.requests).toHaveLength(before + 1);
});

test('C3 an answer that does not fit the schema is never stored', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const body = { text: 'Lovely!', labels: ['praise', 'blame'] };
  const results = (label: string) => answer({ json: { results: [{ index: 0, labels: [{ label, confidence: 1 }] }] } });
  upstream.script(results('no such label'), answer({ text: 'praise, I think' }), results('praise'));
  expect((await weir.post('classify', body)).status).toBe(502);
  expect((await weir.post('classify', body)).status).toBe(502);
  const good = await weir.post('classify', body);
  expect([good.status, good.headers['x-weir-cache'], good.body['label']]).toEqual([200, 'miss', 'praise']);
  expect((await weir.post('classify', body)).headers['x-weir-cache']).toBe('hit');
  expect(upstream.requests).toHaveLength(3);
});

test('C3 an answer that came too late is never stored', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(hang());
  const calling = weir.post('summarize', WEIR_TEXT);
  await upstream.received();
  await weir.clock.advance(25_000);
  expect((await calling).status).toBe(504);
  expect((await weir.post('summarize', WEIR_TEXT)).headers['x-weir-cache']).toBe('miss');
  expect(upstream.requests).toHaveLength(2);
});

test('C3 a cut answer is not stored even where the endpoint makes do without it and the call succeeds', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const output = z.strictObject({ word: z.string() });
  const endpoint = defineEndpoint({
    summary: 'A word, or none.',
    input: z.strictObject({}),
    output,
    example: {},
    model: small,
    limits: { timeoutMs: 25_000, maxOutputTokens: 10 },
    deterministic: { ttlSeconds: 60 },
    run: (_, call) =>
      call.respond({ instructions: 'Say a word.', input: 'Now.', output }).catch(() => ({ word: 'none' })),
  });
  upstream.script(incomplete({ reason: 'max_output_tokens', json: { word: 'half' } }));
  const reply = await serving(weir, { word: endpoint }).post('word', {});
  expect([reply.status, reply.body['word']]).toEqual([200, 'none']);
  // Its lead stood in the cache's table, and the answer never.
  const puts = weir.dynamoDb.requests.filter(
    ({ operation, body }) => operation === 'PutItem' && body.includes('-cache"'),
  );
  expect(puts.filter(({ body }) => body.includes('"body"'))).toEqual([]);
});

test("C3 a fallback's answer is given and not stored: the key stands for the model that was asked", async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.script(modelNotFound(), answer({ text: 'From the fallback.' }));
  expect((await weir.post('summarize', WEIR_TEXT)).body['summary']).toBe('From the fallback.');
  const next = await weir.post('summarize', WEIR_TEXT);
  expect([next.headers['x-weir-cache'], next.headers['x-weir-model']]).toEqual(['miss', 'gpt-6-luna']);
});

test('C3 an endpoint that declares nothing is never cached, whatever its caller asks', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environment = serving(weir, { haiku: haiku() });
  for (let call = 0; call < 2; call++) {
    const headers = { 'cache-control': 'max-age=3600' };
    const reply = await environment.post('haiku', { topic: 'rain' }, { headers });
    expect([reply.status, reply.headers['x-weir-cache'], reply.headers['age']]).toEqual([200, 'bypass', undefined]);
  }
  expect(upstream.requests).toHaveLength(2);
  expect(weir.dynamoDb.requests.filter(({ body }) => body.includes('-cache"'))).toEqual([]);
});

test('C5 a large answer that compresses is stored and given again, whole', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const summary = 'The river holds, the wall holds. '.repeat(60_000).trim();
  expect(summary.length).toBeGreaterThan(4 * 400 * 1024);
  upstream.script(answer({ text: summary }));
  expect((await weir.post('summarize', WEIR_TEXT)).body['summary']).toBe(summary);
  const again = await weir.post('summarize', WEIR_TEXT);
  expect(again.headers['x-weir-cache']).toBe('hit');
  expect(again.body['summary'] === summary).toBe(true);
  expect(upstream.requests).toHaveLength(1);
});

test('C5 an answer that is over 400 KB even compressed is given and not stored', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const random = seededRandom(5);
  const bytes = Uint8Array.from({ length: 500_000 }, () => Math.floor(random() * 256));
  const summary = Buffer.from(bytes).toString('base64');
  upstream.otherwise(answer({ text: summary }));
  for (let call = 0; call < 2; call++) {
    const reply = await weir.post('summarize', WEIR_TEXT);
    expect([reply.status, reply.headers['x-weir-cache']]).toEqual([200, 'miss']);
    expect(reply.body['summary'] === summary).toBe(true);
  }
  expect(upstream.requests).toHaveLength(2);
  expect(weir.logged('answers too large for the cache')).toMatchObject([{ count: 1 }, { count: 1 }]);
  expect(weir.logged('the cache could not be written')).toEqual([]);
});
