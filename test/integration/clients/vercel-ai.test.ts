import { createOpenAI, type OpenAIProvider } from '@ai-sdk/openai';
import { embed, embedMany, generateText, isStepCount, Output, streamText, tool, type LanguageModel } from 'ai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { embeddingModel, model, startStand, type Stand } from './stand.ts';
import { watchedFetch, type Wire } from './watched-fetch.ts';

const prompt = 'A weir is a low wall. Water passes over it. It holds a level. Nobody owns the river.';
const instructions = 'Condense the text to 2 sentences.';
const summary = 'A weir is a low wall. Water passes over it.';
const facts = z.object({ title: z.string(), count: z.int() });
const counted = 'There are 12 geese.';
const apis = ['chat', 'responses'] as const;

let stand: Stand;
let wire: Wire;
let openai: OpenAIProvider;

beforeAll(async () => {
  stand = await startStand({ simulated: true });
});

afterAll(() => stand[Symbol.asyncDispose]());

beforeEach(() => {
  wire = watchedFetch();
  openai = createOpenAI({ ...stand.access, fetch: wire.fetch });
});

const modelOf = (api: (typeof apis)[number]): LanguageModel =>
  api === 'chat' ? openai.chat(model) : openai.responses(model);

test.each(apis)('%s: the answer, its usage, and the call id in the reply’s headers', async (api) => {
  const { text, usage, finishReason, response } = await generateText({ model: modelOf(api), instructions, prompt });
  expect([text, finishReason]).toEqual([summary, 'stop']);
  const entry = await stand.entryOf(wire);
  expect(response.headers?.['x-weir-call-id']).toBe(entry?.callId);
  expect(entry).toMatchObject({ basis: 'exact', outcome: 'completed' });
  expect(entry?.usage).toMatchObject({ inputTokens: usage.inputTokens, outputTokens: usage.outputTokens });
});

test.each(apis)('%s streamed: text in pieces, and at the end the usage that the ledger has', async (api) => {
  const result = streamText({ model: modelOf(api), instructions, prompt });
  const pieces = await Array.fromAsync(result.textStream);
  const usage = await result.usage;
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join('')).toBe(summary);
  expect(await result.finishReason).toBe('stop');
  expect((await stand.entryOf(wire))?.usage).toMatchObject({
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
  });
});

test.each(apis)('%s: structured outputs by a zod schema, plain and streamed', async (api) => {
  const output = Output.object({ schema: facts });
  const plain = await generateText({ model: modelOf(api), output, prompt: counted });
  const streamed = streamText({ model: modelOf(api), output, prompt: counted });
  const partial = await Array.fromAsync(streamed.partialOutputStream);
  expect(plain.output).toEqual({ title: counted, count: 12 });
  expect(partial.length).toBeGreaterThan(1);
  expect(partial.at(-1)).toEqual(plain.output);
  expect(await streamed.output).toEqual(plain.output);
});

const ran: unknown[] = [];
const tools = {
  river_level: tool({
    description: 'Tells the level of a river.',
    inputSchema: z.object({ river: z.string() }),
    execute: (given) => {
      ran.push(given);
      return { cm: 132 };
    },
  }),
};
const round = { tools, stopWhen: isStepCount(3), prompt: 'What is the level of the Isar?' };

test('chat tools: the whole round, plain and streamed', async () => {
  ran.length = 0;
  const plain = await generateText({ model: modelOf('chat'), ...round });
  const streamed = streamText({ model: modelOf('chat'), ...round });
  await streamed.consumeStream();
  expect([plain.text, await streamed.text]).toEqual(Array(2).fill('The tool says: {"cm":132}'));
  expect(ran).toMatchObject([{ river: expect.any(String) }, { river: expect.any(String) }]);
  expect(wire.exchanges.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('Responses tools: the whole round, plain and streamed', async () => {
  ran.length = 0;
  const plain = await generateText({ model: modelOf('responses'), ...round });
  const streamed = streamText({ model: modelOf('responses'), ...round });
  await streamed.consumeStream();
  expect([plain.text, await streamed.text]).toEqual(Array(2).fill('The tool says: {"cm":132}'));
  expect(ran).toHaveLength(2);
  expect(wire.exchanges.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

test('pictures by data URL, in both APIs', async () => {
  const data = `data:image/png;base64,${Buffer.from('a heron').toString('base64')}`;
  for (const api of apis) {
    const { text } = await generateText({
      model: modelOf(api),
      messages: [
        {
          role: 'user',
          content: [
            { type: 'file', mediaType: 'image/png', data },
            { type: 'text', text: 'A heron.' },
          ],
        },
      ],
    });
    expect(text).toBe('A heron.');
  }
});

test('embeddings, one and many, with their usage', async () => {
  const embedding = openai.embedding(embeddingModel);
  const one = await embed({ model: embedding, value: 'one river', dimensions: 64 });
  const many = await embedMany({ model: embedding, values: ['one river', 'a train'], dimensions: 64 });
  expect(many.embeddings).toHaveLength(2);
  expect(many.embeddings[0]).toEqual(one.embedding);
  expect(one.embedding).toHaveLength(64);
  expect((await stand.entryOf(wire))?.usage).toMatchObject({ inputTokens: many.usage.tokens });
});

test('nothing of all this went past Weir', () => {
  expect(stand.gateway.upstream.requests).toHaveLength(0);
});
