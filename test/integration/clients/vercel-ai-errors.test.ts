import { createOpenAI, type OpenAIProvider, type OpenAIProviderSettings } from '@ai-sdk/openai';
import { APICallError, generateText, isStepCount, RetryError, streamText, tool } from 'ai';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { send, type Step } from '#test/support/scripted-exchange.ts';
import { badRequest, quotaExhausted, rateLimited } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { model, startStand, type Stand } from './stand.ts';
import { watchedFetch, type Wire } from './watched-fetch.ts';

const prompt = 'What is a weir?';

let stand: Stand;
let wire: Wire;
let openai: OpenAIProvider;

beforeAll(async () => {
  stand = await startStand({ simulated: false });
});

afterAll(() => stand[Symbol.asyncDispose]());

beforeEach(() => {
  wire = watchedFetch();
  stand.gateway.upstream.unscript();
  openai = providerWith({});
});

function providerWith(settings: OpenAIProviderSettings): OpenAIProvider {
  return createOpenAI({ ...stand.access, fetch: wire.fetch, ...settings });
}

const statuses = () => wire.exchanges.map(({ status }) => status);
const upstreamRequests = () => stand.gateway.upstream.requests.length;
const failing = (asked: PromiseLike<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );
const ask = (provider = openai, more: object = {}) =>
  failing(generateText({ model: provider.chat(model), prompt, ...more }));

/** The errors that a stream bears, as its parts. */
async function errorsOfStream(provider = openai): Promise<unknown[]> {
  const { stream: parts } = streamText({ model: provider.chat(model), prompt, onError: () => undefined });
  const all = await Array.fromAsync(parts);
  return all.flatMap((part) => (part.type === 'error' ? [part.error] : []));
}

test('402: an APICallError that is not retryable, plain and streamed', async () => {
  const before = upstreamRequests();
  const poor = providerWith({ apiKey: await stand.pennilessKey('poor-vercel') });
  for (const error of [await ask(poor), ...(await errorsOfStream(poor))]) {
    if (!APICallError.isInstance(error)) throw new Error('no APICallError', { cause: error });
    expect(error).toMatchObject({ statusCode: 402, isRetryable: false });
    expect(error.data).toMatchObject({ error: { code: 'budget_exceeded', type: 'budget_exceeded' } });
    expect(error.message).toContain('caller:poor-vercel');
  }
  expect(statuses()).toEqual([402, 402]);
  expect(upstreamRequests()).toBe(before);
});

test('429: a RetryError around APICallErrors; the SDK repeats it as often as it was told', async () => {
  stand.gateway.upstream.script(rateLimited({ retryAfterSeconds: 900 }), rateLimited({ retryAfterSeconds: 900 }));
  const error = await ask(openai, { maxRetries: 1 });
  if (!RetryError.isInstance(error)) throw new Error('no RetryError', { cause: error });
  expect(error.reason).toBe('maxRetriesExceeded');
  expect(error.lastError).toMatchObject({ statusCode: 429, isRetryable: true });
  expect(APICallError.isInstance(error.lastError)).toBe(true);
  expect(statuses()).toEqual([429, 429]);
});

test('429 that passes: the SDK waits as long as Weir says, and has its answer', async () => {
  stand.gateway.upstream.script(rateLimited({ retryAfterSeconds: 1 }), answer({ text: 'A low wall.' }));
  // In so little time Weir itself cannot wait.
  const hurried = providerWith({ headers: { 'x-weir-timeout-ms': '900' } });
  const { text } = await generateText({ model: hurried.chat(model), prompt });
  expect(text).toBe('A low wall.');
  expect(statuses()).toEqual([429, 200]);
});

test('401, 400 and 404: APICallErrors that are not retryable', async () => {
  const unauthenticated = await ask(providerWith({ apiKey: 'weir_nobody' }));
  stand.gateway.upstream.script(badRequest({ param: 'messages', code: 'invalid_value', message: 'No such role.' }));
  const invalid = await ask();
  const unpriced = await failing(generateText({ model: openai.chat('gpt-none'), prompt }));
  const unknownRoute = await failing(generateText({ model: openai.completion(model), prompt }));
  const all = [unauthenticated, invalid, unpriced, unknownRoute];
  expect(all.every((error) => APICallError.isInstance(error))).toBe(true);
  expect(all).toMatchObject([
    { statusCode: 401, isRetryable: false },
    { statusCode: 400, isRetryable: false, message: 'No such role.' },
    { statusCode: 400, isRetryable: false, data: { error: { code: 'model_not_priced', param: 'model' } } },
    { statusCode: 404, isRetryable: false },
  ]);
  expect(statuses()).toEqual([401, 400, 400, 404]);
});

test('an error in mid-stream is an error part, and no silent end', async () => {
  stand.gateway.upstream.script(stream({ end: 'cut' }));
  expect(await errorsOfStream()).toHaveLength(1);
  expect(statuses()).toEqual([200]);
});

test('S5 an abort in mid-stream ends the upstream’s work; one entry, estimated, and not for nothing', async () => {
  const before = await stand.gateway.ledger();
  const gate = new Gate();
  onTestFinished(() => gate.open());
  async function* chunks() {
    yield 'A low wall ';
    await gate.pass();
    yield 'across a river.';
  }
  stand.gateway.upstream.script(stream({ chunks: chunks() }));
  const upstreamRequest = stand.gateway.upstream.received(upstreamRequests() + 1);
  const abort = new AbortController();
  const result = streamText({ model: openai.responses(model), prompt, abortSignal: abort.signal });
  const types: string[] = [];
  for await (const part of result.stream) {
    types.push(part.type);
    if (part.type === 'text-delta') abort.abort();
  }
  expect(types.at(-1)).toBe('abort');
  expect(await (await upstreamRequest).ending).toBe('client left');
  const entries = await vi.waitFor(async () => {
    const found = await stand.entriesSince(before);
    expect(found).not.toEqual([]);
    return found;
  }, 5_000);
  expect(entries).toMatchObject([{ outcome: 'caller_gone', basis: 'estimated' }]);
  expect(entries[0]?.costPico).toBeGreaterThan(0n);
  expect(statuses()).toEqual([200]);
});

/** A model that thinks before it calls, as OpenAI tells it. */
const thoughtful: Step = (exchange) => {
  const thought = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'sealed' };
  const call = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'now', arguments: '{}' };
  const usage = { input_tokens: 9, output_tokens: 9, total_tokens: 18, output_tokens_details: { reasoning_tokens: 4 } };
  const reply = { id: 'resp_1', object: 'response', created_at: 1, model, status: 'completed' };
  send(exchange, 200, { ...reply, output: [thought, call], usage });
};

test('Responses: thoughts go back sealed with store: false; else the SDK refers to what was never kept, a 400', async () => {
  const tools = { now: tool({ inputSchema: z.object({}), execute: () => 'noon' }) };
  const asked = { model: openai.responses(model), prompt: 'What time is it now?', tools, stopWhen: isStepCount(2) };
  stand.gateway.upstream.script(thoughtful, answer({ text: 'Noon.' }), thoughtful);
  const { text } = await generateText({ ...asked, providerOptions: { openai: { store: false } } });
  expect(text).toBe('Noon.');
  expect(stand.gateway.upstream.requests.at(-1)?.body.input).toContainEqual(
    expect.objectContaining({ type: 'reasoning', encrypted_content: 'sealed' }),
  );
  const error = await failing(generateText(asked));
  if (!APICallError.isInstance(error)) throw new Error('no APICallError', { cause: error });
  expect(error).toMatchObject({ statusCode: 400, isRetryable: false });
  expect(error.message).toContain('does not let OpenAI keep its answers');
  expect(statuses()).toEqual([200, 200, 200, 400]);
});

// The last: from here on the breaker keeps this Weir from asking upstream.
test('503 that lasts: the SDK heeds no x-should-retry, so it repeats; each repeat ends at Weir', async () => {
  const before = upstreamRequests();
  stand.gateway.upstream.script(quotaExhausted());
  const error = await ask(openai, { maxRetries: 1 });
  if (!RetryError.isInstance(error)) throw new Error('no RetryError', { cause: error });
  expect(error.lastError).toMatchObject({ statusCode: 503 });
  expect(statuses()).toEqual([503, 503]);
  expect(wire.exchanges.map(({ headers }) => headers.get('x-should-retry'))).toEqual(['false', 'false']);
  expect(upstreamRequests()).toBe(before + 1);
});
