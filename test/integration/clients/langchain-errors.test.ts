import { ContextOverflowError } from '@langchain/core/errors';
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai';
import {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { badRequest, contextLengthExceeded, quotaExhausted, rateLimited } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { model, startStand, type Stand } from './stand.ts';
import { watchedFetch, type Wire } from './watched-fetch.ts';

let stand: Stand;
let wire: Wire;

beforeAll(async () => {
  stand = await startStand({ simulated: false });
});

afterAll(() => stand[Symbol.asyncDispose]());

beforeEach(() => {
  wire = watchedFetch();
  stand.gateway.upstream.unscript();
});

/** With LangChain's own retries, six unless said. */
function chatWith(fields: ChatOpenAIFields = {}, headers: Record<string, string> = {}): ChatOpenAI {
  const { baseURL, apiKey } = stand.access;
  const configuration = { baseURL, fetch: wire.fetch, defaultHeaders: headers };
  return new ChatOpenAI({ model, apiKey, configuration, ...fields });
}

const statuses = () => wire.exchanges.map(({ status }) => status);
const upstreamRequests = () => stand.gateway.upstream.requests.length;
const failing = (asked: PromiseLike<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );
const ask = (chat = chatWith()) => failing(chat.invoke('What is a weir?'));
const askStreamed = (chat = chatWith()) =>
  failing(chat.stream('What is a weir?').then((chunks) => Array.fromAsync(chunks)));

test('402: the SDK’s APIError, plain and streamed, and no retry of it', async () => {
  const before = upstreamRequests();
  const poor = chatWith({ apiKey: await stand.pennilessKey('poor-langchain') });
  for (const error of [await ask(poor), await askStreamed(poor)]) {
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 402, code: 'budget_exceeded' });
    expect((error as APIError).message).toContain('caller:poor-langchain');
  }
  expect(statuses()).toEqual([402, 402]);
  expect(upstreamRequests()).toBe(before);
});

test('429 with a wait beyond a minute: a RateLimitError at once, marked as one of LangChain’s', async () => {
  stand.gateway.upstream.script(rateLimited({ retryAfterSeconds: 900 }));
  const error = await ask();
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ status: 429, lc_error_code: 'MODEL_RATE_LIMIT', retryAfterMs: 900_000 });
  expect(statuses()).toEqual([429]);
});

test('429 that passes: LangChain repeats it, and has its answer', async () => {
  stand.gateway.upstream.script(rateLimited({ retryAfterSeconds: 1 }), answer({ text: 'A low wall.' }));
  // In so little time Weir itself cannot wait.
  const reply = await chatWith({}, { 'x-weir-timeout-ms': '900' }).invoke('What is a weir?');
  expect(reply.text).toBe('A low wall.');
  expect(statuses()).toEqual([429, 200]);
});

test('401, 400 and 404: the SDK’s classes, with LangChain’s codes where it has one, and no retry', async () => {
  const unauthenticated = await ask(chatWith({ apiKey: 'weir_nobody' }));
  expect(unauthenticated).toBeInstanceOf(AuthenticationError);
  expect(unauthenticated).toMatchObject({ status: 401, lc_error_code: 'MODEL_AUTHENTICATION' });
  stand.gateway.upstream.script(badRequest({ param: 'messages', message: 'No such role.' }), contextLengthExceeded());
  const invalid = await ask();
  expect(invalid).toBeInstanceOf(BadRequestError);
  expect((invalid as Error).message).toContain('No such role.');
  expect(await ask()).toBeInstanceOf(ContextOverflowError);
  const unpriced = await ask(chatWith({ model: 'gpt-none' }));
  expect(unpriced).toBeInstanceOf(BadRequestError);
  expect(unpriced).toMatchObject({ code: 'model_not_priced' });
  const nowhere = await ask(
    chatWith({ configuration: { baseURL: `${stand.access.baseURL}/nowhere`, fetch: wire.fetch } }),
  );
  expect(nowhere).toBeInstanceOf(NotFoundError);
  expect(nowhere).toMatchObject({ status: 404, lc_error_code: 'MODEL_NOT_FOUND' });
  expect(statuses()).toEqual([401, 400, 400, 400, 404]);
});

test('an error in mid-stream is thrown, and no silent end', async () => {
  stand.gateway.upstream.script(stream({ end: 'cut' }));
  expect(await askStreamed()).toBeInstanceOf(APIError);
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
  const reading = async () => {
    for await (const chunk of await chatWith().stream('What is a weir?', { signal: abort.signal }))
      if (chunk.text !== '') abort.abort();
  };
  expect(await failing(reading())).toMatchObject({ name: 'AbortError' });
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

// The last: from here on the breaker keeps this Weir from asking upstream.
test('503 that lasts: LangChain heeds no x-should-retry, so it repeats; each repeat ends at Weir', async () => {
  const before = upstreamRequests();
  stand.gateway.upstream.script(quotaExhausted());
  const error = await ask(chatWith({ maxRetries: 1 }));
  expect(error).toBeInstanceOf(InternalServerError);
  expect(error).toMatchObject({ status: 503 });
  expect(statuses()).toEqual([503, 503]);
  expect(wire.exchanges.map(({ headers }) => headers.get('x-should-retry'))).toEqual(['false', 'false']);
  expect(upstreamRequests()).toBe(before + 1);
});
