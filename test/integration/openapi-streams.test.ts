import * as z from 'zod';
import { beforeAll, expect, test } from 'vitest';
import { createCatalog } from '#infra/catalog.ts';
import { readInventory } from '#infra/inventory.ts';
import { faultsAgainst, type OpenApi } from '#test/support/openapi-faults.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

interface Body {
  readonly schema: { readonly properties: object };
  readonly example: object;
}

let document: OpenApi;
beforeAll(async () => {
  document = createCatalog(await readInventory()).openapi as OpenApi;
});

/** What the document says of an endpoint's body. */
function bodyOf(path: string): Body {
  const { requestBody } = document.paths[path]!['post'] as unknown as {
    readonly requestBody: { readonly content: { readonly 'application/json': Body } };
  };
  return requestBody.content['application/json'];
}

test.each<[object, boolean]>([
  [{}, true],
  [{ stream: true }, true],
  [{ stream: 'yes' }, false],
  [{ stop_when: { max_characters: 1 } }, true],
  [{ stream: true, stop_when: { max_sentences: 1000, literal: 'END', json: true } }, true],
  [{ stop_when: { max_characters: 0 } }, false],
  [{ stop_when: { max_sentences: 1001 } }, false],
  [{ stop_when: { literal: '' } }, false],
  [{ stop_when: { json: false } }, false],
  [{ stop_when: { tired: true } }, false],
  [{ steam: true }, false],
])('beside its input, the body of an endpoint that streams may have %j: %s', (wish, isFine) => {
  const { schema, example } = bodyOf('/v1/summarize');
  expect(z.fromJSONSchema(schema as never).safeParse({ ...example, ...wish }).success).toBe(isFine);
});

test('a stop condition must be one, and who cannot stream does not stop either', () => {
  expect(bodyOf('/v1/summarize').schema.properties).toMatchObject({
    stop_when: { minProperties: 1 },
    stream: { default: false },
  });
  expect(bodyOf('/v1/classify').schema.properties).not.toHaveProperty('stop_when');
});

const DONE = {
  output: { summary: 'A weir holds.' },
  finish: 'enough',
  usage: { inputTokens: 9, cachedInputTokens: 0, outputTokens: 4, reasoningTokens: 0 },
  costUsd: '0.00001',
  basis: 'estimated',
  cache: 'miss',
  model: 'gpt-6-luna',
  callId: 'c1',
};
const PROBLEM = { type: 'urn:x', title: 'x', status: 504, code: 'x', detail: 'x', requestId: 'r1' };
const sse = (event: string, data: unknown) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

test.each<[string, string, RegExp | '']>([
  [
    'an answer',
    `: open\n\n${sse('text', { text: 'A weir' })}: still\n\n${sse('text', { text: ' holds.' })}${sse('done', DONE)}`,
    '',
  ],
  ['one from the cache', sse('done', { ...DONE, cache: 'hit', ageSeconds: 12 }), ''],
  ['one that went wrong', sse('text', { text: 'A' }) + sse('error', PROBLEM), ''],
  ['a text that is none', sse('text', { text: 7 }), /^event 1 \(text\)/],
  ['an end without a cost', sse('done', { ...DONE, costUsd: undefined }), /^event 1 \(done\)/],
  ['an output that is not the endpoint’s', sse('done', { ...DONE, output: {} }), /^event 1 \(done\)/],
  [
    'an error without its status',
    sse('text', { text: 'A' }) + sse('error', { ...PROBLEM, status: undefined }),
    /^event 2 \(error\)/,
  ],
  ['an event that nobody was told of', sse('more', {}), /^event 1 \(more\)/],
])('the events of a stream are told, each with its data: %s', (_what, body, fault) => {
  const reply = { method: 'post', path: '/v1/summarize', status: 200, contentType: 'text/event-stream', body };
  const faults = faultsAgainst(document, reply).join('; ');
  if (fault === '') expect(faults).toBe('');
  else expect(faults).toMatch(fault);
});

test.each([
  ['an answer', stream({ chunks: ['A weir ', 'holds.'] }), /^event: text$[^]*^event: done$/m],
  ['one that is cut', stream({ chunks: ['A weir ', 'holds.'], end: 'cut' }), /^event: text$[^]*^event: error$/m],
])('what summarize writes is what the document says, event by event: %s', async (_what, step, events) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  upstream.otherwise(step);
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.stream('summarize', { ...bodyOf('/v1/summarize').example, stream: true });
  const body = await reply.text();
  expect(body).toMatch(events);
  const contentType = reply.headers['content-type'];
  const told = { method: 'post', path: '/v1/summarize', status: reply.status, contentType, body };
  expect(faultsAgainst(document, told)).toEqual([]);
});
