import OpenAI from 'openai';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { formatUsd } from '#platform/money.ts';
import { embeddingModel, model, startStand, type Stand } from './stand.ts';
import { watchedFetch, type Wire } from './watched-fetch.ts';

const TEXT = 'A weir is a low wall. Water passes over it. It holds a level. Nobody owns the river.';
const messages = [{ role: 'user' as const, content: TEXT }];
const picture = `data:image/png;base64,${Buffer.from('a heron').toString('base64')}`;
const facts = z.strictObject({ title: z.string(), count: z.int() });
const counted = 'There are 12 geese.';
const place = z.strictObject({ river: z.string() });
const question = 'What is the level of the Isar?';

let stand: Stand;
let wire: Wire;
let openai: OpenAI;

beforeAll(async () => {
  stand = await startStand({ simulated: true });
});

afterAll(() => stand[Symbol.asyncDispose]());

beforeEach(() => {
  wire = watchedFetch();
  openai = new OpenAI({ ...stand.access, fetch: wire.fetch });
});

test('chat: the answer, its usage, and the call id under which the ledger has it', async () => {
  const { data, response } = await openai.chat.completions.create({ model, messages }).withResponse();
  expect(data.choices[0]).toMatchObject({ message: { content: expect.stringContaining('low wall') } });
  const entry = await stand.entryOf(wire);
  expect(entry).toMatchObject({ endpoint: 'openai/chat-completions', basis: 'exact', model, outcome: 'completed' });
  expect(entry?.usage).toMatchObject({
    inputTokens: data.usage?.prompt_tokens,
    outputTokens: data.usage?.completion_tokens,
  });
  expect(response.headers.get('x-weir-cost-usd')).toBe(formatUsd(entry!.costPico));
  expect(response.headers.get('x-weir-upstream')).toBe('simulated');
});

test('chat streamed: text in pieces, and usage only where it was asked for', async () => {
  const stream = await openai.chat.completions.create({ model, messages, stream: true });
  const chunks = await Array.fromAsync(stream);
  const asked = { include_usage: true };
  const telling = await Array.fromAsync(
    await openai.chat.completions.create({ model, messages, stream: true, stream_options: asked }),
  );
  const textOf = (all: typeof chunks) => all.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  expect(chunks.length).toBeGreaterThan(3);
  expect(textOf(chunks)).toMatch(/^A weir is a low wall\..*holds a level\.$/u);
  expect(textOf(telling)).toBe(textOf(chunks));
  expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  expect(telling.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: expect.any(Number) } });
  // Whether it was shown or not, it was billed exactly.
  const [silent, shown] = [await stand.entryOf(wire, 0), await stand.entryOf(wire, 1)];
  expect([silent?.basis, shown?.basis]).toEqual(['exact', 'exact']);
  expect(silent?.costPico).toBe(shown?.costPico);
});

test('Responses: plain, and streamed to the same end', async () => {
  const instructions = 'Condense the text to 2 sentences.';
  const plain = await openai.responses.create({ model, instructions, input: TEXT });
  expect(plain).toMatchObject({ status: 'completed', output_text: 'A weir is a low wall. Water passes over it.' });
  const stream = openai.responses.stream({ model, instructions, input: TEXT });
  const types = new Set<string>();
  for await (const { type } of stream) types.add(type);
  const final = await stream.finalResponse();
  expect(final.output_text).toBe(plain.output_text);
  expect(final.usage).toEqual(plain.usage);
  expect([...types]).toContain('response.output_text.delta');
  expect(await stand.entryOf(wire)).toMatchObject({ endpoint: 'openai/responses', basis: 'exact' });
});

test('structured outputs by the SDK’s zod helpers, in both APIs, plain and streamed', async () => {
  const asked = { model, messages: [{ role: 'user' as const, content: counted }] };
  const response_format = zodResponseFormat(facts, 'facts');
  const chat = await openai.chat.completions.parse({ ...asked, response_format });
  const streamed = await openai.chat.completions.stream({ ...asked, response_format }).finalChatCompletion();
  const text = { format: zodTextFormat(facts, 'facts') };
  const response = await openai.responses.parse({ model, input: counted, text });
  const live = await openai.responses.stream({ model, input: counted, text }).finalResponse();
  const parsed = [
    chat.choices[0]?.message.parsed,
    streamed.choices[0]?.message.parsed,
    response.output_parsed,
    live.output_parsed,
  ];
  expect(parsed).toEqual(parsed.map(() => ({ title: counted, count: 12 })));
});

test.each([false, true])('chat tools: the whole round by the SDK’s runner, streamed: %s', async (stream) => {
  const ran: unknown[] = [];
  const tool = zodFunction({
    name: 'river_level',
    parameters: place,
    function: (given) => {
      ran.push(given);
      return '132 cm';
    },
  });
  const asked = { model, messages: [{ role: 'user' as const, content: question }], tools: [tool] };
  const runner = stream
    ? openai.chat.completions.runTools({ ...asked, stream })
    : openai.chat.completions.runTools({ ...asked, stream });
  expect(await runner.finalContent()).toContain('132 cm');
  expect(ran).toMatchObject([{ river: expect.any(String) }]);
  expect(wire.exchanges.map(({ status }) => status)).toEqual([200, 200]);
});

test.each([false, true])('Responses tools: call, result, answer, streamed: %s', async (stream) => {
  const tools = [{ type: 'function' as const, name: 'river_level', parameters: z.toJSONSchema(place), strict: true }];
  const ask = (input: ResponseInputItem[]) =>
    stream
      ? openai.responses.stream({ model, input, tools }).finalResponse()
      : openai.responses.create({ model, input, tools });
  const input: ResponseInputItem[] = [{ role: 'user', content: question }];
  const [call] = (await ask(input)).output;
  if (call?.type !== 'function_call') throw new Error('no call');
  expect(place.safeParse(JSON.parse(call.arguments)).success).toBe(true);
  const { id: _id, call_id, name, arguments: given } = call;
  const result: ResponseInputItem = { type: 'function_call_output', call_id, output: '132 cm' };
  const answered = await ask([...input, { type: 'function_call', call_id, name, arguments: given }, result]);
  expect(answered.output_text).toContain('132 cm');
});

test('n answers, each counted in the usage and in the ledger', async () => {
  const { choices, usage } = await openai.chat.completions.create({ model, messages, n: 3 });
  expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect((await stand.entryOf(wire))?.usage).toMatchObject({ outputTokens: usage?.completion_tokens });
  const stream = openai.chat.completions.stream({ model, messages, n: 2 });
  expect((await stream.finalChatCompletion()).choices.map(({ message }) => message.content)).toEqual(
    choices.slice(0, 2).map(({ message }) => message.content),
  );
});

test('pictures by data URL, in both APIs', async () => {
  const chat = await openai.chat.completions.create({
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: picture } },
          { type: 'text', text: 'A heron.' },
        ],
      },
    ],
  });
  const response = await openai.responses.create({
    model,
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_image', image_url: picture, detail: 'low' },
          { type: 'input_text', text: 'A heron.' },
        ],
      },
    ],
  });
  expect([chat.choices[0]?.message.content, response.output_text]).toEqual(['A heron.', 'A heron.']);
});

test('embeddings: the SDK’s own base64 and plain floats are the same numbers', async () => {
  const request = { model: embeddingModel, input: ['one river', 'a train'], dimensions: 64 };
  const base64 = await openai.embeddings.create(request);
  const float = await openai.embeddings.create({ ...request, encoding_format: 'float' });
  expect(base64.data).toEqual(float.data);
  expect(base64.data.map(({ embedding }) => embedding.length)).toEqual([64, 64]);
  expect((await stand.entryOf(wire))?.usage).toMatchObject({ inputTokens: float.usage.prompt_tokens });
});

test('moderations cost nothing, and models are those with a price', async () => {
  const { results } = await openai.moderations.create({
    model: 'omni-moderation-latest',
    input: ['a nice day', 'I will kill you'],
  });
  expect(results.map(({ flagged }) => flagged)).toEqual([false, true]);
  expect(await stand.entryOf(wire)).toMatchObject({ endpoint: 'openai/moderations', costPico: 0n });
  const ids = (await Array.fromAsync(openai.models.list())).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([model, embeddingModel]));
});

test('the cost that follows a stream is a comment, which the SDK passes over', async () => {
  const body = { model, messages, stream: true };
  const { text } = await stand.gateway.send({ path: '/openai/v1/chat/completions', body });
  const [, comment] = /data: \[DONE\]\n\n: weir (\{.*\})\n\n$/u.exec(text) ?? [];
  expect(JSON.parse(comment ?? '')).toMatchObject({ basis: 'exact', cache: 'bypass', costUsd: expect.any(String) });
  const final = await openai.chat.completions.stream({ model, messages }).finalChatCompletion();
  expect(final.choices[0]?.finish_reason).toBe('stop');
});

test('nothing of all this went past Weir', () => {
  expect(stand.gateway.upstream.requests).toHaveLength(0);
});
