import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { collect, isComplete, type CallEvent } from '#protocol/events.ts';
import type { InputItem, ModelRequest } from '#protocol/request.ts';
import { eachRequestText, mapEventTexts, mapRequestTexts } from '#protocol/texts.ts';

const seed = 20_261_122;

const word = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `«${text}»`);
const json: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(word, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const schema = fc.dictionary<unknown>(word, json, { maxKeys: 4 });
const item: fc.Arbitrary<InputItem> = fc.oneof(
  fc.record({
    type: fc.constant('message' as const),
    role: fc.constantFrom('user' as const, 'assistant' as const),
    text: word,
  }),
  fc.record({ type: fc.constant('tool-call' as const), callId: fc.constant('call-1'), name: word, arguments: word }),
  fc.record({ type: fc.constant('tool-result' as const), callId: fc.constant('call-1'), output: word }),
);
const request: fc.Arbitrary<ModelRequest> = fc.oneof(
  fc.record({ kind: fc.constant('embed' as const), model: fc.constant('m'), texts: fc.array(word) }),
  fc.record(
    {
      kind: fc.constant('respond' as const),
      model: fc.constant('m'),
      instructions: word,
      input: fc.array(item, { maxLength: 4 }),
      maxOutputTokens: fc.nat(),
      tools: fc.array(fc.record({ name: word, description: word, parameters: schema }), { maxLength: 3 }),
      format: fc.record({ name: fc.constant('answer'), schema }),
    },
    { requiredKeys: ['kind', 'model', 'instructions', 'input', 'maxOutputTokens'] },
  ),
);

/** Every marked text that stands anywhere in a value, names of members included. */
function markedTexts(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('«') ? [value] : [];
  if (Array.isArray(value)) return value.flatMap(markedTexts);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, member]) => markedTexts(name).concat(markedTexts(member)));
}

test('the walk sees every text that a request has, each as often as it stands there', () => {
  fc.assert(
    fc.property(request, (one) => {
      const seen: string[] = [];
      eachRequestText(one, (text) => void seen.push(text));
      expect(seen.filter((text) => text.startsWith('«')).sort()).toEqual(markedTexts(one).sort());
    }),
    { seed, numRuns: 500 },
  );
});

test('what the visitor gives stands in the place of what it saw, and the given request is left as it is', () => {
  fc.assert(
    fc.property(request, (one) => {
      const before = structuredClone(one);
      const masked = mapRequestTexts(one, (text) => (text.startsWith('«') ? 'masked' : text));
      expect(markedTexts(masked)).toEqual([]);
      expect(one).toEqual(before);
    }),
    { seed, numRuns: 500 },
  );
});

test('a visitor that changes nothing gives an equal request', () => {
  fc.assert(
    fc.property(request, (one) => {
      expect(mapRequestTexts(one, (text) => text)).toEqual(one);
    }),
    { seed },
  );
});

test('places tell where a text stands', () => {
  const places: string[] = [];
  const one: ModelRequest = {
    kind: 'respond',
    model: 'm',
    instructions: 'a',
    input: [
      { type: 'message', role: 'user', text: 'b' },
      { type: 'tool-call', callId: 'c', name: 'n', arguments: '{}' },
      { type: 'tool-result', callId: 'c', output: 'o' },
    ],
    tools: [{ name: 't', description: 'd', parameters: { type: 'object' } }],
    maxOutputTokens: 1,
  };
  eachRequestText(one, (_text, place) => void places.push(place));
  expect(places).toEqual(
    expect.arrayContaining(['instructions', 'input.0', 'input.1.arguments', 'input.2', 'tools.0.name']),
  );
});

test('of what comes back, texts, refusals, and names and arguments of tools are seen', () => {
  const events: CallEvent[] = [
    { type: 'text', text: 'a' },
    { type: 'refusal', text: 'b' },
    { type: 'tool-call', callId: 'c', name: 'n', arguments: 'd' },
    { type: 'vectors', vectors: [[1]] },
    { type: 'finish', reason: 'stop' },
  ];
  const seen: string[] = [];
  const mapped = events.map((event) => mapEventTexts(event, (text) => (seen.push(text), text.toUpperCase())));
  expect(seen).toEqual(['a', 'b', 'n', 'd']);
  expect(mapped).toMatchObject([
    { text: 'A' },
    { text: 'B' },
    { arguments: 'D' },
    { vectors: [[1]] },
    { reason: 'stop' },
  ]);
});

async function* stream(...events: readonly CallEvent[]): AsyncGenerator<CallEvent> {
  yield* events;
}

test('a collected answer is its pieces in order', async () => {
  const answer = await collect(
    stream(
      { type: 'text', text: 'a' },
      { type: 'vectors', vectors: [[1]] },
      { type: 'text', text: 'b' },
      { type: 'refusal', text: 'no' },
      { type: 'vectors', vectors: [[2]] },
      { type: 'tool-call', callId: 'c', name: 'n', arguments: '{}' },
      { type: 'finish', reason: 'tool-calls' },
    ),
  );
  expect(answer).toMatchObject({
    text: 'ab',
    refusal: 'no',
    vectors: [[1], [2]],
    toolCalls: [{ callId: 'c', name: 'n' }],
    finish: 'tool-calls',
  });
});

test('R9 an answer without its finish is an error, never an answer', async () => {
  await expect(collect(stream({ type: 'text', text: 'a' }))).rejects.toThrow('without its finish');
  await expect(collect(stream())).rejects.toThrow('without its finish');
});

test('C3 only an answer that the model ended itself, and that asks for no tool, is complete', () => {
  const text: CallEvent = { type: 'text', text: 'a' };
  const tool: CallEvent = { type: 'tool-call', callId: 'c', name: 'n', arguments: '{}' };
  const finish = (reason: Extract<CallEvent, { type: 'finish' }>['reason']): CallEvent => ({ type: 'finish', reason });
  expect(isComplete([text, finish('stop')])).toBe(true);
  for (const reason of ['length', 'content-filter', 'refusal', 'tool-calls'] as const)
    expect(isComplete([text, finish(reason)])).toBe(false);
  expect(isComplete([tool, finish('stop')])).toBe(false);
  expect(isComplete([text])).toBe(false);
  expect(isComplete([])).toBe(false);
});
