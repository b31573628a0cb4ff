import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseKeepingNumbers } from '#platform/raw-json.ts';
import type { JsonObject, PassRequest } from '#protocol/request.ts';
import { eachRequestText, isImagePlace, mapRequestTexts } from '#protocol/texts.ts';

const SEED = 20_261_122;
const passOf = (body: JsonObject): PassRequest => ({
  kind: 'pass',
  api: 'responses',
  model: 'm',
  body,
  isStream: false,
  wantsUsage: false,
  maxOutputTokens: 1,
  outputLimitName: 'max_output_tokens',
  choices: 1,
  serviceTier: 'default',
  promptCacheTtl: '30m',
  refersToStored: false,
});
const bodyOf = (request: ReturnType<typeof mapRequestTexts>) => (request as PassRequest).body;

const marked = fc.string({ maxLength: 8 }).map((text) => `«${text}»`);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    marked,
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(marked, tie('value'), { maxKeys: 3 }),
    fc.record({ type: fc.constantFrom('image_url', 'input_image'), image_url: tie('value') }),
    fc.record({ type: fc.constant('image_url'), image_url: fc.record({ url: marked, detail: marked }) }),
  ),
})).value;
const anyBody = fc.dictionary(fc.oneof(marked, fc.constantFrom('input', 'tools', 'metadata')), json, { maxKeys: 4 });

/** Every marked text, names of members included. */
function markedIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('«') ? [value] : [];
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return value.flatMap(markedIn);
  return Object.entries(value).flat().flatMap(markedIn);
}

test('every text of a body that is passed on is seen once, at any depth, names included', () => {
  fc.assert(
    fc.property(anyBody, (body) => {
      const seen: string[] = [];
      eachRequestText(passOf(body), (text) => void seen.push(text));
      expect(seen.filter((text) => text.startsWith('«')).sort()).toEqual(markedIn(body).sort());
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('what the visitor gives stands in its place, what it leaves stays equal, and the given body is left as it is', () => {
  fc.assert(
    fc.property(anyBody, (body) => {
      const before = structuredClone(body);
      expect(bodyOf(mapRequestTexts(passOf(body), (text) => text))).toEqual(body);
      const masked = bodyOf(mapRequestTexts(passOf(body), (text) => (text.startsWith('«') ? 'masked' : text)));
      expect(markedIn(masked)).toEqual([]);
      expect(body).toEqual(before);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('the model is no text, and a number that was kept as it was written stays whole', () => {
  const body = parseKeepingNumbers('{"model":"m","seed":12345678901234567890,"metadata":{"model":"n"}}') as JsonObject;
  const mapped = bodyOf(mapRequestTexts(passOf(body), () => 'x'));
  expect(JSON.stringify(mapped)).toBe('{"model":"m","x":{"x":"x"}}');
  expect(JSON.stringify(bodyOf(mapRequestTexts(passOf(body), (text) => text)))).toBe(JSON.stringify(body));
});

function placesOf(body: JsonObject): Record<string, string> {
  const places: Record<string, string> = {};
  eachRequestText(passOf(body), (text, place) => void (places[text] = place));
  return places;
}

test('places tell where a text stands, and nothing of a name that is not plain', () => {
  expect(
    placesOf({
      messages: [{ content: [{ text: 'a' }] }],
      metadata: { 'sk-secret key': 'b', 'x#picture': 'c' },
    }),
  ).toMatchObject({ a: 'body.messages.0.content.0.text', b: 'body.metadata.*', c: 'body.metadata.*' });
});

test('addresses of pictures are known by their place, in the forms of both APIs', () => {
  const places = placesOf({
    messages: [{ content: [{ type: 'image_url', image_url: { url: 'a', detail: 'high' } }] }],
    input: [{ output: [{ type: 'input_image', image_url: 'b' }] }],
  });
  expect([places['a'], places['b']].map((place = '') => isImagePlace(place))).toEqual([true, true]);
  expect(places['a']).toMatch(/^body\.messages\.0\.content\.0\.image_url\.url/);
  expect(isImagePlace(places['high'] ?? '')).toBe(false);
});

test('I8 nothing but a part of the content is a picture: a text elsewhere must not count as one', () => {
  const picture = { type: 'input_image', image_url: 'long text', images: ['long text'] };
  for (const body of [
    { tools: [{ type: 'function', parameters: { default: picture } }] },
    { text: { format: { schema: picture } } },
    { metadata: picture },
    { response_format: picture },
    { input: [{ type: 'additional_tools', tools: [picture] }] },
    { input: [{ type: 'tool_search_call', arguments: picture }] },
    { input: [{ type: 'text', image_url: 'long text' }] },
    { input: [{ images: ['long text'], 'image_url#picture': 'long text' }] },
  ]) {
    eachRequestText(passOf(body), (text, place) => {
      if (text === 'long text') expect([place, isImagePlace(place)]).toEqual([place, false]);
    });
  }
});
