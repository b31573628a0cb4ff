import { zodFunction } from 'openai/helpers/zod';
import OpenAI from 'openai';
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { startSimulatedUpstream, type SimulatedUpstream } from '#infra/local/parts/simulated-upstream.ts';

const model = 'gpt-6-luna';
const place = z.strictObject({ city: z.string(), days: z.int().min(1).max(7) });
const parameters = z.toJSONSchema(place);
const tool = (name: string, description: string) => ({
  type: 'function' as const,
  name,
  description,
  parameters,
  strict: true,
});
const forecast = tool('weather_forecast', 'Tells the weather of the next days.');
const trains = tool('find_trains', 'Finds trains.');
const question = 'What will the weather in Oslo be for 3 days?';

let upstream: SimulatedUpstream;
let openai: OpenAI;

beforeAll(async () => {
  upstream = await startSimulatedUpstream({ pieceEveryMs: 0 });
  openai = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'any', maxRetries: 0 });
});

afterAll(() => upstream.stop());

test('Responses: a question with a word of a tool’s name calls it, and its result stands in the answer', async () => {
  const input: ResponseInputItem[] = [{ role: 'user', content: question }];
  const request = { model, tools: [trains, forecast] };
  const asked = await openai.responses.create({ ...request, input });
  const [call] = asked.output;
  if (call?.type !== 'function_call') throw new Error('no call');
  expect(asked.output).toHaveLength(1);
  expect(call.name).toBe('weather_forecast');
  expect(place.parse(JSON.parse(call.arguments))).toMatchObject({ days: 3 });
  const result: ResponseInputItem = { type: 'function_call_output', call_id: call.call_id, output: '{"sky":"blue"}' };
  const answered = await openai.responses.create({ ...request, input: [...input, call, result] });
  expect(answered.output_text).toContain('{"sky":"blue"}');
  expect(answered.tools).toHaveLength(2);
});

test('chat: the same, and the next question may call again', async () => {
  const tools = [{ type: 'function' as const, function: { name: forecast.name, parameters } }];
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: question }];
  const asked = await openai.chat.completions.create({ model, tools, messages });
  const [choice] = asked.choices;
  expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
  const [call] = choice?.message.tool_calls ?? [];
  messages.push(choice!.message, { role: 'tool', tool_call_id: call!.id, content: 'Rain.' });
  const answered = await openai.chat.completions.create({ model, tools, messages });
  expect(answered.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'The tool says: Rain.' } });
  messages.push(answered.choices[0]!.message, { role: 'user', content: 'And the weather in Rome?' });
  const again = await openai.chat.completions.create({ model, tools, messages });
  expect(again.choices[0]?.finish_reason).toBe('tool_calls');
});

test('streamed, a call comes in pieces, and the SDK’s runner makes the whole round of it', async () => {
  const ran: unknown[] = [];
  const weather = zodFunction({
    name: 'weather_forecast',
    parameters: place,
    function: (given) => {
      ran.push(given);
      return 'Snow.';
    },
  });
  const runner = openai.chat.completions.runTools({
    model,
    stream: true,
    messages: [{ role: 'user', content: question }],
    tools: [weather],
  });
  expect(await runner.finalContent()).toBe('The tool says: Snow.');
  expect(ran).toMatchObject([{ days: 3 }]);

  const tools = [forecast];
  const events = await Array.fromAsync(await openai.responses.create({ model, tools, input: question, stream: true }));
  const pieces = events.flatMap((event) =>
    event.type === 'response.function_call_arguments.delta' ? [event.delta] : [],
  );
  expect(pieces.length).toBeGreaterThan(1);
  expect(place.safeParse(JSON.parse(pieces.join(''))).success).toBe(true);
});

test('tool_choice decides: none, required, one by its name, some of them', async () => {
  const called = async (tool_choice: OpenAI.Responses.ResponseCreateParams['tool_choice'], input: string) => {
    const reply = await openai.responses.create({ model, tools: [forecast, trains], tool_choice: tool_choice!, input });
    return reply.output.map((item) => (item.type === 'function_call' ? item.name : item.type));
  };
  expect(await called('auto', 'Tell me a story.')).toEqual(['message']);
  expect(await called('none', question)).toEqual(['message']);
  expect(await called('required', 'Tell me a story.')).toEqual(['weather_forecast']);
  expect(await called('required', 'When does the next of these trains go?')).toEqual(['find_trains']);
  expect(await called({ type: 'function', name: 'find_trains' }, question)).toEqual(['find_trains']);
  const some = (mode: 'auto' | 'required') => ({
    type: 'allowed_tools' as const,
    mode,
    tools: [{ type: 'function', name: 'find_trains' }],
  });
  expect(await called(some('auto'), question)).toEqual(['message']);
  expect(await called(some('required'), question)).toEqual(['find_trains']);
});

test('what a tool gave also fills a form', async () => {
  const schema = z.toJSONSchema(z.strictObject({ degrees: z.int() }));
  const { choices } = await openai.chat.completions.create({
    model,
    tools: [{ type: 'function', function: { name: 'weather', parameters } }],
    messages: [
      { role: 'user', content: question },
      {
        role: 'assistant',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'It is 21 degrees.' },
    ],
    response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } },
  });
  expect(choices[0]?.message.content).toBe('{"degrees":21}');
});
