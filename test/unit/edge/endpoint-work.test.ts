import { expect, test } from 'vitest';
import * as z from 'zod';
import type { Ask } from '#call/call.ts';
import type { EndpointDefinition } from '#edge/endpoint-definition.ts';
import { endpointWork } from '#edge/endpoint-work.ts';
import { medium, small } from '#edge/models.ts';
import type { CallEvent, FinishReason } from '#protocol/events.ts';
import type { ModelRequest, RespondRequest } from '#protocol/request.ts';

const input = z.strictObject({ topic: z.string() });
const output = z.strictObject({ haiku: z.string().min(1), lines: z.int().default(3) });
type Definition = EndpointDefinition<typeof input, typeof output>;

const base = {
  summary: 'A haiku.',
  input,
  output,
  example: { topic: 'rain' },
  model: small,
  limits: { timeoutMs: 1, maxOutputTokens: 100 },
} satisfies Partial<Definition>;
const prompt = ({ topic }: { topic: string }) => ({ instructions: 'Write a haiku.', input: topic });

/** A model that answers the same, and remembers what it was asked. */
function model(...events: readonly CallEvent[]) {
  const asked: { request: ModelRequest; fallbacks: readonly string[] }[] = [];
  const ask: Ask = async (request, { fallbackModels }) => {
    asked.push({ request, fallbacks: fallbackModels });
    return events;
  };
  return { ask, asked };
}

const saying = (text: string, reason: FinishReason = 'stop') =>
  model({ type: 'text', text }, { type: 'finish', reason });

/** Runs a definition’s work to its end. */
async function run(definition: Definition, { ask }: { ask: Ask }) {
  return { output: await endpointWork(definition, { topic: 'rain' })(ask) };
}

test('a prompt asks once, for JSON of the output’s schema, with the caller’s words apart from the instructions', async () => {
  const upstream = saying('{"haiku":"Rain."}');
  const { output: found } = await run({ ...base, prompt }, upstream);
  expect(found).toEqual({ haiku: 'Rain.', lines: 3 });
  expect(upstream.asked).toMatchObject([
    {
      fallbacks: small.fallbacks,
      request: {
        kind: 'respond',
        model: small.model,
        instructions: 'Write a haiku.',
        input: [{ type: 'message', role: 'user', text: 'rain' }],
        maxOutputTokens: 100,
        format: { name: 'answer', schema: z.toJSONSchema(output, { io: 'input' }) },
      },
    },
  ]);
});

test('with fromText the answer is plain text, and its output is checked as well', async () => {
  const definition: Definition = { ...base, prompt, fromText: (text) => ({ haiku: text.trim() }) };
  const upstream = saying(' Rain. ');
  expect((await run(definition, upstream)).output).toEqual({ haiku: 'Rain.', lines: 3 });
  expect((upstream.asked[0]!.request as RespondRequest).format).toBeUndefined();
  await expect(run(definition, saying('  '))).rejects.toMatchObject({
    code: 'output_invalid',
    details: { fields: ['haiku'] },
  });
});

test('run may ask as often as it likes, with another model and schema, and embed', async () => {
  const upstream = model(
    { type: 'text', text: '5' },
    { type: 'vectors', vectors: [[1, 2]] },
    { type: 'finish', reason: 'stop' },
  );
  const definition: Definition = {
    ...base,
    async run({ topic }, call) {
      const lines = await call.respond({
        instructions: 'How many?',
        input: topic,
        output: z.int(),
        model: medium,
        maxOutputTokens: 7,
      });
      const [vector] = await call.embed({ texts: [topic], dimensions: 2 });
      return { haiku: String(vector), lines };
    },
  };
  expect((await run(definition, upstream)).output).toEqual({ haiku: '1,2', lines: 5 });
  expect(upstream.asked.map(({ request, fallbacks }) => [request.kind, request.model, fallbacks])).toEqual([
    ['respond', medium.model, medium.fallbacks],
    ['embed', small.model, small.fallbacks],
  ]);
  expect(upstream.asked[0]!.request).toMatchObject({ maxOutputTokens: 7 });
  expect(upstream.asked[1]!.request).toMatchObject({ texts: ['rain'], dimensions: 2 });
});

test.each<[string, ReturnType<typeof model>, object]>([
  [
    'no JSON',
    saying('Here you are: {'),
    { code: 'output_invalid', status: 502, message: 'the model did not answer in JSON' },
  ],
  [
    'JSON that does not fit',
    saying('{"haiku":5,"x":1}'),
    { code: 'output_invalid', status: 502, details: { fields: ['haiku', 'output'] } },
  ],
  [
    'a cut answer',
    saying('{"haiku":"Ra', 'length'),
    { code: 'output_invalid', status: 502, details: { reason: 'length' } },
  ],
  ['a filtered answer', saying('', 'content-filter'), { code: 'output_refused', status: 422, shouldRetry: false }],
  [
    'a refusal',
    model({ type: 'refusal', text: 'No.' }, { type: 'finish', reason: 'refusal' }),
    { code: 'output_refused', status: 422 },
  ],
])('%s is an error of its own, by prompt and by run alike, and never an output', async (_what, upstream, error) => {
  const byRun: Definition = { ...base, run: (_input, call) => call.respond({ ...prompt({ topic: 'a' }), output }) };
  await expect(run({ ...base, prompt }, upstream)).rejects.toMatchObject(error);
  await expect(run(byRun, upstream)).rejects.toMatchObject(error);
});

test('an error tells places of the model’s answer, never its words', async () => {
  const failed = run({ ...base, prompt }, saying('{"haiku":["a secret answer"]}'));
  const error = await failed.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(JSON.stringify([error, String(error)])).not.toContain('secret');
});

test('an answer without its finish is no answer', async () => {
  await expect(run({ ...base, prompt }, model({ type: 'text', text: '{"haiku":"a"}' }))).rejects.toThrow(
    'without its finish',
  );
});
