import OpenAI, { APIConnectionError, APIUserAbortError } from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Gate } from '#test/support/scripted-gate.ts';
import {
  answer,
  choose,
  cutBody,
  emptyBody,
  failedResponse,
  hang,
  htmlWith200,
  incomplete,
  refusal,
  reset,
  resetAfterBilling,
  truncatedJson,
} from '#test/support/scripted-steps.ts';
import { unavailable } from '#test/support/scripted-failures.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';

const model = 'gpt-6-luna';
const prices = { [model]: { input: 3n, cachedInput: 1n, output: 20n } };

let upstream: ScriptedUpstream;
let client: OpenAI;

beforeEach(async () => {
  upstream = await startScriptedUpstream({ prices });
  client = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'any', maxRetries: 0, logLevel: 'off' });
});

afterEach(() => upstream.stop());

function ask(input = 'Say hello.', signal?: AbortSignal) {
  return client.responses.create({ model, input }, signal ? { signal } : {});
}

test('an incomplete response says why, and is billed', async () => {
  upstream.script(incomplete({ reason: 'max_output_tokens' }), incomplete({ reason: 'content_filter', text: 'cut' }));
  expect(await ask()).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const { choices } = await client.chat.completions.create({ model, messages });
  expect(choices[0]).toMatchObject({ finish_reason: 'content_filter', message: { content: 'cut' } });
  expect(upstream.bill.lines).toHaveLength(2);
});

test('a refusal stands in a part of its own', async () => {
  upstream.script(refusal('No.'), refusal('No.'));
  expect(await ask()).toMatchObject({ output: [{ content: [{ type: 'refusal', refusal: 'No.' }] }], output_text: '' });
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const { choices } = await client.chat.completions.create({ model, messages });
  expect(choices[0]?.message).toMatchObject({ content: null, refusal: 'No.' });
});

test('a failed response has status 200, an error and its usage', async () => {
  upstream.script(failedResponse());
  expect(await ask()).toMatchObject({ status: 'failed', error: { code: 'server_error' }, usage: { output_tokens: 7 } });
});

test('a reply can go without usage, and is billed all the same but does not count as delivered', async () => {
  upstream.script(answer({ text: 'abcd', usage: 'absent' }));
  expect(await ask('abcd')).not.toHaveProperty('usage');
  expect(upstream.bill.lines).toMatchObject([{ pico: 23n, delivered: false }]);
  expect(upstream.bill.deliveredPico).toBe(0n);
});

test('served model and tier can differ from those asked for, and the bill goes by those that served', async () => {
  upstream.script(answer({ model: `${model}-2026-09-01`, serviceTier: 'flex' }));
  expect(await ask()).toMatchObject({ model: `${model}-2026-09-01`, service_tier: 'flex' });
  expect(() => upstream.bill.totalPico).toThrow(`${model}-2026-09-01`);
});

test('a reset connection is an error without a status, billed only if the work was done', async () => {
  upstream.script(reset(), resetAfterBilling());
  await expect(ask()).rejects.toThrow(APIConnectionError);
  expect(upstream.bill.lines).toHaveLength(0);
  await expect(ask()).rejects.toThrow(APIConnectionError);
  expect(upstream.bill.lines).toMatchObject([{ delivered: false }]);
  expect(await Promise.all(upstream.requests.map(({ ending }) => ending))).toEqual(['cut', 'cut']);
});

test('R9 broken bodies of status 200 reach the client broken', async () => {
  upstream.script(htmlWith200(), emptyBody(), truncatedJson(), cutBody());
  const raw = async () => fetch(`${upstream.baseUrl}/responses`, { method: 'POST', body: JSON.stringify({ model }) });
  const [html, empty, truncated, cut] = [await raw(), await raw(), await raw(), await raw()];
  expect([html, empty, truncated, cut].map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(html.headers.get('content-type')).toContain('text/html');
  expect(await empty.text()).toBe('');
  await expect(truncated.json()).rejects.toThrow(SyntaxError);
  await expect(cut.text()).rejects.toThrow('terminated');
  expect(upstream.bill.lines.map(({ delivered }) => delivered)).toEqual([false, false]);
});

test('a hanging request is held until the client leaves, which is recorded', async () => {
  upstream.script(hang({ billed: true }));
  const abort = new AbortController();
  const asked = ask('hi', abort.signal);
  const request = await upstream.received();
  expect(request.clientLeftAtMs).toBeUndefined();
  abort.abort();
  await expect(asked).rejects.toThrow(APIUserAbortError);
  expect(await request.ending).toBe('client left');
  expect(request.clientLeftAtMs).toBeGreaterThanOrEqual(request.atMs);
  expect(upstream.bill.lines).toMatchObject([{ delivered: false }]);
});

test('a hanging request may have been sent the headers of a good reply', async () => {
  upstream.script(hang({ afterHeaders: true }));
  const abort = new AbortController();
  const body = JSON.stringify({ model });
  const response = await fetch(`${upstream.baseUrl}/responses`, { method: 'POST', body, signal: abort.signal });
  expect(response.status).toBe(200);
  abort.abort();
  expect(await upstream.requests[0]?.ending).toBe('client left');
});

test('a gate holds an answer that is already billed until the test opens it', async () => {
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const asked = ask();
  await gate.reached();
  expect(upstream.bill.lines).toMatchObject([{ delivered: false }]);
  gate.open();
  await asked;
  expect(upstream.bill.lines).toMatchObject([{ delivered: true }]);
});

test('a client that leaves during the delay has been billed and got nothing', async () => {
  upstream.script(answer({ delayMs: 60_000 }));
  const abort = new AbortController();
  const asked = ask('hi', abort.signal);
  const request = await upstream.received();
  abort.abort();
  await expect(asked).rejects.toThrow(APIUserAbortError);
  expect(await request.ending).toBe('client left');
  expect(upstream.bill.lines).toMatchObject([{ delivered: false }]);
});

test('the request can decide which step is taken', async () => {
  upstream.otherwise(choose(({ body }) => (body.model === model ? unavailable() : answer({ text: 'fallback' }))));
  await expect(ask()).rejects.toMatchObject({ status: 503 });
  const { output_text } = await client.responses.create({ model: 'another', input: 'hi' });
  expect(output_text).toBe('fallback');
});

test('a reply that the client did not stay to read whole is not delivered', async () => {
  upstream.script(answer({ text: 'x'.repeat(30_000_000) }));
  const abort = new AbortController();
  const body = JSON.stringify({ model });
  await fetch(`${upstream.baseUrl}/responses`, { method: 'POST', body, signal: abort.signal });
  expect(upstream.bill.lines).toMatchObject([{ delivered: true }]);
  abort.abort();
  expect(await upstream.requests[0]?.ending).toBe('client left');
  expect(upstream.bill.lines).toMatchObject([{ delivered: false }]);
});
