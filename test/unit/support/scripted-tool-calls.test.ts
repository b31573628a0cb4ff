import OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answer } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';

const model = 'gpt-6-luna';
const prices = { [model]: { input: 3n, cachedInput: 1n, output: 20n } };
const messages = [{ role: 'user' as const, content: 'What is the level?' }];
const toolCalls = [
  { name: 'read_level', arguments: { river: 'Isar', unit: 'cm' } },
  { name: 'read_flow', arguments: '{"river": "Wörth – 豆腐"}' },
];
const written = ['{"river":"Isar","unit":"cm"}', '{"river": "Wörth – 豆腐"}'];

let upstream: ScriptedUpstream;
let client: OpenAI;

beforeEach(async () => {
  upstream = await startScriptedUpstream({ prices });
  client = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'any', maxRetries: 0, logLevel: 'off' });
});

afterEach(() => upstream.stop());

test('chat: calls in place of a text, with ids of their own in each choice', async () => {
  upstream.script(answer({ toolCalls }));
  const { choices, usage } = await client.chat.completions.create({ model, messages, n: 2 });
  expect(choices).toMatchObject(
    [0, 1].map((index) => ({
      index,
      finish_reason: 'tool_calls',
      message: {
        content: null,
        tool_calls: written.map((given) => ({ type: 'function', function: { arguments: given } })),
      },
    })),
  );
  const ids = choices.flatMap(({ message }) => message.tool_calls?.map(({ id }) => id));
  expect(new Set(ids).size).toBe(4);
  // Names and arguments, in bytes: both choices are billed.
  const bytes = Buffer.byteLength(`read_level${written[0]}read_flow${written[1]}`);
  expect(usage?.completion_tokens).toBe(2 * Math.ceil(bytes / 4));
});

test('chat streamed: the call’s name first, its arguments in pieces by index, and the reason at the end', async () => {
  upstream.script(answer({ text: 'Let me see.', toolCalls }));
  const chunks = await Array.fromAsync(await client.chat.completions.create({ model, messages, n: 2, stream: true }));
  for (const choice of [0, 1]) {
    const deltas = chunks.flatMap(({ choices }) => choices.filter(({ index }) => index === choice));
    const calls = deltas.flatMap(({ delta }) => delta.tool_calls ?? []);
    expect(deltas.map(({ delta }) => delta.content ?? '').join('')).toBe('Let me see.');
    expect(calls.filter(({ id }) => id).map(({ index, function: f }) => [index, f?.name])).toEqual([
      [0, 'read_level'],
      [1, 'read_flow'],
    ]);
    for (const index of [0, 1]) {
      const pieces = calls.filter((call) => call.index === index).map((call) => call.function?.arguments ?? '');
      expect(pieces.length).toBeGreaterThan(3);
      expect(pieces.join('')).toBe(written[index]);
    }
    expect(deltas.at(-1)?.finish_reason).toBe('tool_calls');
  }
});

test('the SDK’s accumulators make the same calls of the streams', async () => {
  upstream.otherwise(stream({ toolCalls }));
  const chat = await client.chat.completions.stream({ model, messages }).finalMessage();
  const response = await client.responses.stream({ model, input: 'hi' }).finalResponse();
  expect(chat.tool_calls?.map((call) => call.type === 'function' && call.function.arguments)).toEqual(written);
  expect(response.output.map((item) => item.type === 'function_call' && item.arguments)).toEqual(written);
  const [chatLine, responseLine] = upstream.bill.lines;
  expect(chatLine?.outputTokens).toBe(responseLine?.outputTokens);
});

test('Responses: an item for each call, after the message if there is one', async () => {
  upstream.script(answer({ toolCalls }), answer({ text: 'Let me see.', toolCalls: toolCalls.slice(0, 1) }));
  const [silent, speaking] = [
    await client.responses.create({ model, input: 'hi' }),
    await client.responses.create({ model, input: 'hi' }),
  ];
  expect(silent.status).toBe('completed');
  expect(silent.output).toMatchObject([
    { type: 'function_call', name: 'read_level', arguments: written[0], status: 'completed' },
    { type: 'function_call', name: 'read_flow', arguments: written[1] },
  ]);
  expect(speaking.output.map(({ type }) => type)).toEqual(['message', 'function_call']);
});

test('Responses streamed: each item is opened, written and closed in turn', async () => {
  upstream.script(stream({ chunks: ['Let me see.'], toolCalls }));
  const events = await Array.fromAsync(await client.responses.create({ model, input: 'hi', stream: true }));
  const isCallDelta = (type: string) => type === 'response.function_call_arguments.delta';
  const call = ['response.output_item.added', 'response.function_call_arguments.done', 'response.output_item.done'];
  expect(events.map(({ type }) => type).filter((type) => !isCallDelta(type))).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    ...call,
    ...call,
    'response.completed',
  ]);
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
  for (const [at, given] of written.entries()) {
    const deltas = events.flatMap((event) =>
      event.type === 'response.function_call_arguments.delta' && event.output_index === at + 1 ? [event.delta] : [],
    );
    expect(deltas.length).toBeGreaterThan(3);
    expect(deltas.join('')).toBe(given);
  }
});

test('a call without an argument is still opened and closed, in both APIs', async () => {
  upstream.otherwise(stream({ toolCalls: [{ name: 'now', arguments: '' }] }));
  const chat = await client.chat.completions.stream({ model, messages }).finalMessage();
  const events = await Array.fromAsync(await client.responses.create({ model, input: 'hi', stream: true }));
  expect(chat.tool_calls).toMatchObject([{ function: { name: 'now', arguments: '' } }]);
  expect(events.map(({ type }) => type)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.function_call_arguments.done',
    'response.output_item.done',
    'response.completed',
  ]);
});
