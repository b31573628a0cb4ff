import OpenAI, { AuthenticationError, BadRequestError } from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { startSimulatedUpstream } from '#infra/local/parts/simulated-upstream.ts';

const KEY = ['sk', 'local', 'test'].join('-');
const TEXT = 'A weir is a low wall. Water passes over it. It holds a level. Nobody owns the river.';

async function client(apiKey = KEY): Promise<OpenAI> {
  const upstream = await startSimulatedUpstream({ apiKey: KEY });
  onTestFinished(() => upstream.stop());
  return new OpenAI({ baseURL: upstream.baseUrl, apiKey, maxRetries: 0 });
}

const tokens = (text: string) => Math.ceil(Buffer.byteLength(text) / 4);

test('Responses: a summary, its usage with all details, and the label', async () => {
  const openai = await client();
  const instructions = 'Condense the text to 2 sentences.';
  const { data, response, request_id } = await openai.responses
    .create({ model: 'gpt-6-luna', instructions, input: TEXT, store: false, metadata: { team: 'river' } })
    .withResponse();
  expect(data.output_text).toBe('A weir is a low wall. Water passes over it.');
  expect(data).toMatchObject({ status: 'completed', model: 'gpt-6-luna', service_tier: 'default', error: null });
  expect(data.metadata).toEqual({ team: 'river' });
  expect(data.usage).toEqual({
    input_tokens: tokens(instructions + TEXT),
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: tokens(data.output_text),
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: tokens(instructions + TEXT) + tokens(data.output_text),
  });
  expect(response.headers.get('x-weir-upstream')).toBe('simulated');
  expect(request_id).toBeTruthy();
});

test('Responses: a schema is filled, one result for each text of the input', async () => {
  const openai = await client();
  const schema = z.strictObject({
    results: z.array(
      z.strictObject({ index: z.int(), label: z.enum(['billing', 'technical']), confidence: z.number() }),
    ),
  });
  const { output_parsed } = await openai.responses.parse({
    model: 'gpt-6-luna',
    instructions: 'Labels:\nbilling: invoices and refunds\ntechnical: errors and crashes',
    input: [
      {
        role: 'user',
        content: [
          {
            type: 'input_text',
            text: JSON.stringify([
              { index: 0, text: 'It crashes' },
              { index: 1, text: 'My refund' },
            ]),
          },
        ],
      },
    ],
    text: { format: zodTextFormat(schema, 'labels') },
  });
  expect(output_parsed?.results.map(({ label }) => label)).toEqual(['technical', 'billing']);
});

test('Responses streamed: the same answer in pieces, numbered, with the usage at the end', async () => {
  const openai = await client();
  const stream = await openai.responses.create({ model: 'gpt-6-luna', input: TEXT, stream: true });
  const events = await Array.fromAsync(stream);
  const text = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
  expect(text).toBe('A weir is a low wall. Water passes over it. It holds a level.');
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, i) => i));
  const last = events.at(-1)!;
  expect(last.type === 'response.completed' && last.response.usage?.output_tokens_details.reasoning_tokens).toBe(0);
});

test('Responses: what exceeds max_output_tokens is incomplete, streamed or not', async () => {
  const openai = await client();
  const request = { model: 'gpt-6-luna', input: TEXT, max_output_tokens: 4 };
  const reply = await openai.responses.create(request);
  expect(reply).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
  expect([reply.output_text, reply.usage?.output_tokens]).toEqual(['A weir is a low ', 4]);
  const events = await Array.fromAsync(await openai.responses.create({ ...request, stream: true }));
  expect(events.at(-1)?.type).toBe('response.incomplete');
});

test('Chat Completions: text, schema and usage', async () => {
  const openai = await client();
  const messages = [
    { role: 'system' as const, content: 'Answer in one sentence.' },
    { role: 'user' as const, content: 'What is a river?' },
    { role: 'assistant' as const, content: 'Water on its way.' },
    { role: 'user' as const, content: TEXT },
  ];
  const plain = await openai.chat.completions.create({ model: 'gpt-6-luna', messages });
  expect(plain.choices[0]).toMatchObject({ message: { content: 'A weir is a low wall.' }, finish_reason: 'stop' });
  expect(plain.usage).toMatchObject({
    prompt_tokens: tokens(messages.map(({ content }) => content).join('')),
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  });

  const schema = z.toJSONSchema(z.strictObject({ title: z.string(), count: z.int() }));
  const filled = await openai.chat.completions.create({
    model: 'gpt-6-luna',
    messages: [{ role: 'user', content: 'There are 12 geese.' }],
    response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
  });
  expect(JSON.parse(filled.choices[0]!.message.content!)).toEqual({ title: 'There are 12 geese.', count: 12 });
});

test('Chat Completions streamed: usage in the last chunk only where it was asked for', async () => {
  const openai = await client();
  const request = { model: 'gpt-6-luna', messages: [{ role: 'user' as const, content: TEXT }], stream: true as const };
  const without = await Array.fromAsync(await openai.chat.completions.create(request));
  expect(without.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toMatch(/holds a level\.$/);
  expect(without.some((chunk) => chunk.usage)).toBe(false);
  const withUsage = await Array.fromAsync(
    await openai.chat.completions.create({ ...request, stream_options: { include_usage: true } }),
  );
  expect(withUsage.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: tokens(TEXT) } });
});

test('embeddings: one vector for each text in order, float and base64 alike, with usage', async () => {
  const openai = await client();
  const input = ['one river', 'another river', 'a train'];
  const request = { model: 'text-embedding-3-small', input, dimensions: 64 };
  const base64 = await openai.embeddings.create(request);
  const float = await openai.embeddings.create({ ...request, encoding_format: 'float' });
  expect(base64.data.map(({ embedding }) => embedding.length)).toEqual([64, 64, 64]);
  expect(base64.data[0]!.embedding).toEqual(float.data[0]!.embedding);
  expect(base64.data[0]!.embedding).not.toEqual(base64.data[1]!.embedding);
  const expected = input.reduce((sum, text) => sum + tokens(text), 0);
  expect(float.usage).toEqual({ prompt_tokens: expected, total_tokens: expected });
  const { data } = await openai.embeddings.create({ model: 'text-embedding-3-large', input: 'x' });
  expect(data[0]!.embedding).toHaveLength(3072);
});

test('moderations: one verdict for each input', async () => {
  const openai = await client();
  const { results } = await openai.moderations.create({ input: ['a nice day', 'I will kill you'] });
  expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
});

test('a wrong key is refused with 401 and the label, before anything is answered', async () => {
  const openai = await client(['sk', 'wrong'].join('-'));
  const error: unknown = await openai.responses.create({ model: 'm', input: TEXT }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(AuthenticationError);
  expect((error as AuthenticationError).code).toBe('invalid_api_key');
  expect((error as AuthenticationError).headers.get('x-weir-upstream')).toBe('simulated');
});

test('a request that makes no sense is refused with 400 and the field', async () => {
  const openai = await client();
  const bad = (body: object) => openai.post('/responses', { body });
  await expect(bad({ model: 'm' })).rejects.toThrow(/input/);
  await expect(bad({ model: 'm', input: 'x', max_output_tokens: 0 })).rejects.toBeInstanceOf(BadRequestError);
  const endless = { $ref: '#/$defs/none' };
  await expect(
    bad({ model: 'm', input: 'x', text: { format: { type: 'json_schema', name: 'x', schema: endless } } }),
  ).rejects.toThrow(/not in it/);
});

test('routes that Weir does not answer itself are aimock’s, with the label', async () => {
  const openai = await client();
  const { data, response } = await openai.models.list().withResponse();
  expect(data.data.length).toBeGreaterThan(0);
  expect(response.headers.get('x-weir-upstream')).toBe('simulated');
});

/** What comes of a stream, read by read. */
async function reads(path: string, request: object): Promise<string[]> {
  const upstream = await startSimulatedUpstream({ pieceEveryMs: 1 });
  onTestFinished(() => upstream.stop());
  const body = JSON.stringify({ model: 'gpt-6-luna', stream: true, ...request });
  const response = await fetch(`${upstream.baseUrl}/${path}`, { method: 'POST', body });
  return Array.fromAsync(response.body!.pipeThrough(new TextDecoderStream()));
}

test('a streamed answer arrives over time, in pieces of words that are cut through no character', async () => {
  const text = `${'🙂'.repeat(40)} über ${'Flüsse '.repeat(20)}`;
  const asked = { role: 'user', content: text };
  const form = { type: 'json_schema', name: 'x', schema: { type: 'object', properties: { said: { type: 'string' } } } };
  const all = [
    await reads('chat/completions', { messages: [asked] }),
    await reads('responses', { input: [asked] }),
    await reads('responses', { input: [asked], text: { format: form } }),
  ];
  for (const pieces of all) {
    expect(pieces.length).toBeGreaterThan(5);
    const deltas = [...pieces.join('').matchAll(/"(?:content|delta)":"((?:[^"\\]|\\.)*)"/gu)].map(
      ([, delta]) => delta!,
    );
    expect(deltas.join('')).toContain(`${'🙂'.repeat(40)} über Flüsse`);
    expect(deltas.join('')).not.toContain('\\ud83d');
    expect(Math.max(...deltas.map((delta) => delta.length))).toBeLessThanOrEqual(50);
  }
});

test('n answers, plain and streamed, each counted', async () => {
  const openai = await client();
  const request = { model: 'gpt-6-luna', messages: [{ role: 'user' as const, content: TEXT }], n: 3 };
  const plain = await openai.chat.completions.create(request);
  const texts = plain.choices.map(({ message }) => message.content);
  expect(plain.choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(new Set(texts).size).toBe(1);
  expect(plain.usage?.completion_tokens).toBe(3 * tokens(texts[0]!));
  const chunks = await Array.fromAsync(
    await openai.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } }),
  );
  const streamed = [0, 1, 2].map((index) =>
    chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index)),
  );
  expect(streamed.map((all) => all.map(({ delta }) => delta.content ?? '').join(''))).toEqual(texts);
  expect(streamed.map((all) => all.at(-1)?.finish_reason)).toEqual(['stop', 'stop', 'stop']);
  expect(chunks.at(-1)?.usage).toEqual(plain.usage);
});

test('images are taken, and nothing is seen in them', async () => {
  const openai = await client();
  const url = `data:image/png;base64,${Buffer.from('no picture').toString('base64')}`;
  const chat = await openai.chat.completions.create({
    model: 'gpt-6-luna',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url } },
          { type: 'text', text: 'A heron stands in the river.' },
        ],
      },
    ],
  });
  expect(chat.choices[0]?.message.content).toBe('A heron stands in the river.');
  const image = { type: 'input_image' as const, image_url: url, detail: 'high' as const };
  const words = { type: 'input_text' as const, text: 'A heron.' };
  const response = await openai.responses.create({
    model: 'gpt-6-luna',
    input: [{ role: 'user', content: [image, words] }],
  });
  expect(response.output_text).toBe('A heron.');
});
