import OpenAI, { APIConnectionError } from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answer, hang } from '#test/support/scripted-steps.ts';
import { rateLimited, unavailable } from '#test/support/scripted-failures.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';

const model = 'gpt-6-luna';
const key = ['sk', 'proj', 'scripted', 'test'].join('-');
const prices = { [model]: { input: 3n, cachedInput: 1n, output: 20n } };

let upstream: ScriptedUpstream;
let client: OpenAI;

beforeEach(async () => {
  upstream = await startScriptedUpstream({ prices });
  client = clientWith(key);
});

afterEach(() => upstream.stop());

function clientWith(apiKey: string): OpenAI {
  return new OpenAI({ baseURL: upstream.baseUrl, apiKey, maxRetries: 0, logLevel: 'off' });
}

function ask(input = 'Say hello.', signal?: AbortSignal) {
  return client.responses.create({ model, input }, signal ? { signal } : {});
}

/** Embeddings as they are on the wire, before the SDK decodes them. */
async function rawEmbeddings(request: object): Promise<unknown[]> {
  const body = JSON.stringify({ model, ...request });
  const response = await fetch(`${upstream.baseUrl}/embeddings`, { method: 'POST', body });
  const { data } = (await response.json()) as { data: { embedding: unknown }[] };
  return data.map(({ embedding }) => embedding);
}

test('a scripted text comes back through the Responses API with the usage that was billed', async () => {
  upstream.script(answer({ text: 'Hello.', usage: { inputTokens: 100, cachedTokens: 40, outputTokens: 10 } }));
  const response = await ask();
  expect(response).toMatchObject({ output_text: 'Hello.', model, status: 'completed', service_tier: 'default' });
  expect(response.usage).toMatchObject({ input_tokens: 100, input_tokens_details: { cached_tokens: 40 } });
  // 60 tokens in full, 40 from the cache, 10 out.
  expect(upstream.bill.totalPico).toBe(60n * 3n + 40n * 1n + 10n * 20n);
  expect(upstream.bill.lines).toMatchObject([{ kind: 'responses', model, delivered: true, outputTokens: 10 }]);
});

test('usage is one token for every four bytes begun, of instructions and messages alike', async () => {
  upstream.script(answer({ text: 'ä' }));
  const input = [{ role: 'user' as const, content: [{ type: 'input_text' as const, text: '12345' }] }];
  const { usage } = await client.responses.create({ model, instructions: '1234', input });
  expect(usage).toMatchObject({ input_tokens: 3, output_tokens: 1, total_tokens: 4 });
});

test('unscripted answers are the same for the same input and differ for another', async () => {
  const [first, again, other] = [await ask('a'), await ask('a'), await ask('b')];
  expect(first.output_text).toBe(again.output_text);
  expect(first.output_text).not.toBe(other.output_text);
});

test('a chat completion has as many choices as were asked for, and bills each', async () => {
  upstream.script(answer({ text: '12345678' }));
  const completion = await client.chat.completions.create({ model, n: 3, messages: [{ role: 'user', content: 'hi' }] });
  expect(completion.choices.map(({ message }) => message.content)).toEqual(Array(3).fill('12345678'));
  expect(completion.usage).toMatchObject({ prompt_tokens: 1, completion_tokens: 6 });
  expect(upstream.bill.totalPico).toBe(1n * 3n + 6n * 20n);
});

test('embeddings are the same numbers as floats and as base64, and different for different texts', async () => {
  const input = ['one', 'two'];
  const decoded = await client.embeddings.create({ model, input, dimensions: 8 });
  const floats = await client.embeddings.create({ model, input, dimensions: 8, encoding_format: 'float' });
  expect(upstream.requests[0]?.body.encoding_format).toBe('base64');
  expect(await rawEmbeddings({ input, dimensions: 8, encoding_format: 'base64' })).toEqual([
    expect.any(String),
    expect.any(String),
  ]);
  expect(decoded.data).toEqual(floats.data);
  expect(floats.data[0]?.embedding).not.toEqual(floats.data[1]?.embedding);
  expect(floats.data.map(({ embedding }) => Math.hypot(...embedding))).toEqual([expect.closeTo(1), expect.closeTo(1)]);
  expect(floats.usage).toEqual({ prompt_tokens: 2, total_tokens: 2 });
  expect(upstream.bill.lines.map(({ kind }) => kind)).toEqual(['embeddings', 'embeddings', 'embeddings']);
});

test('moderations and the list of models are answered and cost nothing', async () => {
  upstream.script(answer({ flagged: true }));
  const { results } = await client.moderations.create({ input: ['a', 'b'] });
  expect(results.map(({ flagged }) => flagged)).toEqual([true, true]);
  const models = await client.models.list();
  expect(models.data.map(({ id }) => id)).toEqual([model]);
  expect(upstream.bill.totalPico).toBe(0n);
});

test('a JSON schema is filled with one item for each element of the input', async () => {
  const item = { type: 'object', properties: { index: { type: 'integer' }, label: { enum: ['spam', 'ham'] } } };
  const results = { type: 'array', items: { ...item, required: ['index', 'label'] } };
  const schema = { type: 'object', properties: { results }, required: ['results'] };
  const format = { type: 'json_schema' as const, name: 'labels', schema };
  const response = await client.responses.create({ model, input: '["x","y"]', text: { format } });
  const expected = { results: [{ index: 0, label: 'spam' }, { index: 1, label: 'spam' }] }; // prettier-ignore
  expect(JSON.parse(response.output_text)).toEqual(expected);
});

test('steps are taken one a request, and then the standing answer serves', async () => {
  upstream.script(answer({ text: 'first' }), unavailable());
  upstream.otherwise(answer({ text: (userText) => `echo ${userText}` }));
  expect((await ask()).output_text).toBe('first');
  await expect(ask()).rejects.toMatchObject({ status: 503 });
  expect((await ask('x')).output_text).toBe('echo x');
  expect(upstream.remaining).toBe(0);
});

test('every request is recorded, and every reply has a request id of its own', async () => {
  upstream.script(answer(), rateLimited());
  const { _request_id: id } = await ask();
  const refused = await ask().catch((error: unknown) => error);
  expect(upstream.requests.map(({ requestId }) => requestId)).toEqual([
    id,
    (refused as { requestID: string }).requestID,
  ]);
  expect(upstream.requests[0]).toMatchObject({ method: 'POST', path: '/v1/responses', key, body: { model } });
});

test('fifty concurrent requests each get the answer to their own input', async () => {
  upstream.otherwise(answer({ text: (userText) => `for ${userText}` }));
  const inputs = Array.from({ length: 50 }, (_, at) => `caller ${at}`);
  const texts = await Promise.all(inputs.map(async (input) => (await ask(input)).output_text));
  expect(texts).toEqual(inputs.map((input) => `for ${input}`));
  expect(upstream.bill.lines).toHaveLength(50);
});

test('a key that is not valid is refused without taking a step, and a rotated one serves at once', async () => {
  const rotated = `${key}-2`;
  upstream.validKeys.add(rotated);
  upstream.script(answer({ text: 'kept for the good key' }));
  await expect(ask()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  client = clientWith(rotated);
  expect((await ask()).output_text).toBe('kept for the good key');
  upstream.validKeys.clear();
  await expect(ask()).rejects.toMatchObject({ status: 401 });
});

test('an unknown route and a body that is not JSON are refused without taking a step', async () => {
  upstream.script(unavailable());
  expect((await fetch(`${upstream.baseUrl}/files`)).status).toBe(404);
  expect((await fetch(`${upstream.baseUrl}/responses`, { method: 'POST', body: '{"model":' })).status).toBe(400);
  expect(upstream.remaining).toBe(1);
});

test('a step that throws is reported when the upstream stops', async () => {
  const broken = await startScriptedUpstream();
  broken.script(() => {
    throw new Error('A mistake in the test');
  });
  await expect(fetch(`${broken.baseUrl}/models`)).rejects.toThrow('fetch failed');
  await expect(broken.stop()).rejects.toThrow(AggregateError);
});

test('stopping frees clients that are held, and then nobody listens', async () => {
  upstream.script(hang());
  const asked = ask();
  asked.catch(() => undefined);
  const request = await upstream.received();
  await upstream.stop();
  await expect(asked).rejects.toThrow(APIConnectionError);
  expect(await request.ending).toBe('cut');
  await expect(ask()).rejects.toThrow(APIConnectionError);
  upstream = await startScriptedUpstream();
});

test('requests can be named by the test, and steps that nobody took be dropped', async () => {
  await using named = await startScriptedUpstream({ now: () => 1_000, requestIdOf: () => 'req_same' });
  const post = async () =>
    (await fetch(`${named.baseUrl}/responses`, { method: 'POST', body: JSON.stringify({ model }) })).text();
  named.script(answer({ text: 'Hello.' }), answer({ text: 'Hello.' }), answer({ text: 'Never said.' }));
  const [first, second] = [await post(), await post()];
  expect(first).toContain('resp_req_same');
  expect(second).toBe(first);
  named.unscript();
  expect(named.remaining).toBe(0);
  expect(await post()).not.toContain('Never said.');
});
