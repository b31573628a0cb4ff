import {
  HumanMessage,
  type AIMessageChunk,
  type BaseMessage,
  type ToolMessage,
  type UsageMetadata,
} from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings, type ChatOpenAIFields } from '@langchain/openai';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { embeddingModel, model, startStand, type Stand } from './stand.ts';
import { watchedFetch, type Wire } from './watched-fetch.ts';

const text = 'A weir is a low wall. Water passes over it. It holds a level. Nobody owns the river.';
const asked: [string, string][] = [
  ['system', 'Condense the text to 2 sentences.'],
  ['human', text],
];
const summary = 'A weir is a low wall. Water passes over it.';
const facts = z.object({ title: z.string(), count: z.int() });
const counted = 'There are 12 geese.';
const apis = ['chat', 'responses'] as const;

let stand: Stand;
let wire: Wire;

beforeAll(async () => {
  stand = await startStand({ simulated: true });
});

afterAll(() => stand[Symbol.asyncDispose]());

beforeEach(() => {
  wire = watchedFetch();
});

function chatOf(api: (typeof apis)[number], more: ChatOpenAIFields = {}): ChatOpenAI {
  const { baseURL, apiKey } = stand.access;
  const useResponsesApi = api === 'responses';
  return new ChatOpenAI({ model, apiKey, useResponsesApi, configuration: { baseURL, fetch: wire.fetch }, ...more });
}

/** Its usage, in the ledger's words. */
function toldBy({ usage_metadata }: { readonly usage_metadata?: UsageMetadata | undefined }) {
  return { inputTokens: usage_metadata?.input_tokens, outputTokens: usage_metadata?.output_tokens };
}

test.each(apis)('%s: the answer and its usage, which the ledger has too', async (api) => {
  const reply = await chatOf(api).invoke(asked);
  expect(reply.text).toBe(summary);
  const entry = await stand.entryOf(wire);
  expect(entry).toMatchObject({ basis: 'exact', outcome: 'completed' });
  expect(entry?.usage).toMatchObject(toldBy(reply));
});

test.each(apis)('%s streamed: text in pieces, and usage at the end', async (api) => {
  const chunks = await Array.fromAsync(await chatOf(api).stream(asked));
  const whole = chunks.reduce((sum: AIMessageChunk, chunk) => sum.concat(chunk));
  expect(chunks.filter((chunk) => chunk.text !== '').length).toBeGreaterThan(1);
  expect(whole.text).toBe(summary);
  expect((await stand.entryOf(wire))?.usage).toMatchObject(toldBy(whole));
});

test.each(apis)('%s: structured outputs by a zod schema, plain and streamed', async (api) => {
  const structured = chatOf(api).withStructuredOutput(facts, { method: 'jsonSchema' });
  expect(await structured.invoke(counted)).toEqual({ title: counted, count: 12 });
  const partial = await Array.fromAsync(await structured.stream(counted));
  expect(partial.at(-1)).toEqual({ title: counted, count: 12 });
  const byCall = chatOf(api).withStructuredOutput(facts, { method: 'functionCalling', name: 'note' });
  expect(await byCall.invoke(counted)).toEqual({ title: counted, count: 12 });
});

const level = tool(() => '132 cm', {
  name: 'river_level',
  description: 'Tells the level of a river.',
  schema: z.object({ river: z.string() }),
});

test.each(apis)('%s tools: call, result, answer, plain and streamed', async (api) => {
  const chat = chatOf(api).bindTools([level]);
  const plainly = (messages: BaseMessage[]) => chat.invoke(messages);
  const streamed = async (messages: BaseMessage[]) =>
    (await Array.fromAsync(await chat.stream(messages))).reduce((sum, chunk) => sum.concat(chunk));
  for (const ask of [plainly, streamed]) {
    const messages: BaseMessage[] = [new HumanMessage('What is the level of the Isar?')];
    const calling = await ask(messages);
    const [call] = calling.tool_calls ?? [];
    expect(call).toMatchObject({ name: 'river_level', args: { river: expect.any(String) } });
    const result: ToolMessage = await level.invoke({ ...call!, type: 'tool_call' });
    const answered = await ask([...messages, calling, result]);
    expect(answered.text).toBe('The tool says: 132 cm');
  }
});

test('n answers to one prompt', async () => {
  const { generations } = await chatOf('chat', { n: 3 }).generate([[new HumanMessage(text)]]);
  expect(generations[0]).toHaveLength(3);
  expect((await stand.entryOf(wire))?.usage.outputTokens).toBeGreaterThan(0);
});

test('pictures by data URL, in both APIs', async () => {
  const url = `data:image/png;base64,${Buffer.from('a heron').toString('base64')}`;
  const content = [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text: 'A heron.' },
  ];
  for (const api of apis) expect((await chatOf(api).invoke([new HumanMessage({ content })])).text).toBe('A heron.');
});

// Told `base64` by its user, LangChain hands the text on undecoded; untold, the SDK beneath it asks for it and decodes.
test.each([undefined, 'float'] as const)('embeddings, their form said: %s', async (encodingFormat) => {
  const { baseURL, apiKey } = stand.access;
  const embeddings = new OpenAIEmbeddings({
    model: embeddingModel,
    apiKey,
    dimensions: 64,
    ...(encodingFormat && { encodingFormat }),
    configuration: { baseURL, fetch: wire.fetch },
  });
  const [river, train] = await embeddings.embedDocuments(['one river', 'a train']);
  expect(river).toHaveLength(64);
  expect(river).not.toEqual(train);
  expect(await embeddings.embedQuery('one river')).toEqual(river);
  expect(await stand.entryOf(wire)).toMatchObject({ endpoint: 'openai/embeddings', basis: 'exact' });
});

test('nothing of all this went past Weir', () => {
  expect(stand.gateway.upstream.requests).toHaveLength(0);
});
