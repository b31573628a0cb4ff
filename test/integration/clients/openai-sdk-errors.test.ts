import OpenAI, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { badRequest, quotaExhausted, rateLimited } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { model, startStand, type Stand } from './stand.ts';
import { watchedFetch, type Wire } from './watched-fetch.ts';

const messages = [{ role: 'user' as const, content: 'What is a weir?' }];

let stand: Stand;
let wire: Wire;
let openai: OpenAI;

beforeAll(async () => {
  stand = await startStand({ simulated: false });
});

afterAll(() => stand[Symbol.asyncDispose]());

beforeEach(() => {
  wire = watchedFetch();
  stand.gateway.upstream.unscript();
  openai = clientWith({});
});

/** With the SDK's own retries, two unless said. */
function clientWith(options: Partial<ConstructorParameters<typeof OpenAI>[0]>): OpenAI {
  return new OpenAI({ ...stand.access, fetch: wire.fetch, logLevel: 'off', ...options });
}

const statuses = () => wire.exchanges.map(({ status }) => status);
const upstreamRequests = () => stand.gateway.upstream.requests.length;
const failing = (asked: Promise<unknown>) =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );
const ask = (client = openai) => failing(client.chat.completions.create({ model, messages }));
const askStreamed = (client = openai) => failing(client.chat.completions.create({ model, messages, stream: true }));

test('402: an APIError with Weir’s code, plain and streamed, and no retry of it', async () => {
  const before = upstreamRequests();
  const poor = clientWith({ apiKey: await stand.pennilessKey('poor-openai') });
  for (const error of [await ask(poor), await askStreamed(poor)]) {
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 402, code: 'budget_exceeded', type: 'budget_exceeded' });
    expect((error as APIError).message).toContain('caller:poor-openai');
  }
  expect(statuses()).toEqual([402, 402]);
  expect(upstreamRequests()).toBe(before);
});

test('429: a RateLimitError after the SDK’s own two retries', async () => {
  stand.gateway.upstream.script(...Array.from({ length: 3 }, () => rateLimited({ retryAfterSeconds: 900 })));
  const error = await ask();
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ status: 429, type: 'rate_limit_error' });
  expect(statuses()).toEqual([429, 429, 429]);
  expect(wire.exchanges.map(({ headers }) => headers.get('retry-after'))).toEqual(['900', '900', '900']);
  expect(stand.gateway.upstream.remaining).toBe(0);
});

test('429 that passes: the SDK waits as long as Weir says, and has its answer', async () => {
  stand.gateway.upstream.script(rateLimited({ retryAfterSeconds: 1 }), answer({ text: 'A low wall.' }));
  // In so little time Weir itself cannot wait.
  const hurried = clientWith({ defaultHeaders: { 'x-weir-timeout-ms': '900' } });
  const { choices } = await hurried.chat.completions.create({ model, messages });
  expect(choices[0]?.message.content).toBe('A low wall.');
  expect(statuses()).toEqual([429, 200]);
});

test('401: an AuthenticationError, once', async () => {
  const stranger = clientWith({ apiKey: 'weir_nobody' });
  const error = await ask(stranger);
  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error).toMatchObject({ status: 401, code: 'unauthenticated' });
  expect(statuses()).toEqual([401]);
});

test('400: a BadRequestError that names the field, from Weir and from the upstream alike', async () => {
  const own = await failing(openai.chat.completions.create({ model, messages, n: 1000 }));
  expect(own).toBeInstanceOf(BadRequestError);
  expect(own).toMatchObject({ status: 400, param: 'n', type: 'invalid_request_error' });
  expect((own as Error).message).toContain('n must be from 1 to 128, but 1000 was provided');
  stand.gateway.upstream.script(badRequest({ param: 'messages', code: 'invalid_value', message: 'No such role.' }));
  const theirs = await ask();
  expect(theirs).toBeInstanceOf(BadRequestError);
  expect(theirs).toMatchObject({ status: 400, param: 'messages', code: 'invalid_value' });
  expect((theirs as Error).message).toContain('No such role.');
  const unpriced = await failing(openai.chat.completions.create({ model: 'gpt-none', messages }));
  expect(unpriced).toMatchObject({ status: 400, code: 'model_not_priced', param: 'model' });
  expect(statuses()).toEqual([400, 400, 400]);
});

test('404: a NotFoundError where Weir has no such route', async () => {
  const error = await failing(openai.images.generate({ prompt: 'a weir' }));
  expect(error).toBeInstanceOf(NotFoundError);
  expect(error).toMatchObject({ status: 404 });
  expect(statuses()).toEqual([404]);
});

test('an error in mid-stream is an APIError of the SDK’s, and no silent end', async () => {
  stand.gateway.upstream.script(stream({ end: 'cut' }), stream({ end: 'cut' }));
  const chat = await failing(
    openai.chat.completions.create({ model, messages, stream: true }).then((chunks) => Array.fromAsync(chunks)),
  );
  const response = await failing(
    openai.responses.create({ model, input: 'hi', stream: true }).then((events) => Array.fromAsync(events)),
  );
  for (const error of [chat, response]) expect(error).toBeInstanceOf(APIError);
  // A stream that began is not asked for again.
  expect(statuses()).toEqual([200, 200]);
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
  const events = await openai.chat.completions.create({ model, messages, stream: true }, { signal: abort.signal });
  let text = '';
  for await (const { choices } of events) {
    text += choices[0]?.delta.content ?? '';
    if (text !== '') abort.abort();
  }
  expect(text).toBe('A low wall ');
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

test('an abort before the answer is an APIUserAbortError', async () => {
  const gate = new Gate();
  onTestFinished(() => gate.open());
  stand.gateway.upstream.script(answer({ gate }));
  const abort = new AbortController();
  const asked = failing(openai.chat.completions.create({ model, messages }, { signal: abort.signal }));
  await gate.reached();
  abort.abort();
  expect(await asked).toBeInstanceOf(APIUserAbortError);
});

// The last: from here on the breaker keeps this Weir from asking upstream.
test('503 that lasts: an InternalServerError at once, for Weir tells the SDK not to repeat it', async () => {
  const before = upstreamRequests();
  stand.gateway.upstream.script(quotaExhausted());
  const first = await ask();
  const second = await ask();
  for (const error of [first, second]) {
    expect(error).toBeInstanceOf(InternalServerError);
    expect(error).toMatchObject({ status: 503 });
  }
  expect(statuses()).toEqual([503, 503]);
  expect(wire.exchanges.map(({ headers }) => headers.get('x-should-retry'))).toEqual(['false', 'false']);
  expect(upstreamRequests()).toBe(before + 1);
});
