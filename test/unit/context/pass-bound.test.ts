import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextWindowTokens } from '#context/context-window.ts';
import { imageTokenBound } from '#context/image-bound.ts';
import { inputTokenBound } from '#context/token-bound.ts';
import type { JsonObject } from '#protocol/request.ts';
import { LEAST_BODY, readPass } from '#test/support/pass-reading.ts';

const SEED = 20_261_122;
const bytes = (text: string) => new TextEncoder().encode(text).length;
const chat = (messages: readonly JsonObject[], members: JsonObject = {}) =>
  inputTokenBound(readPass('chat/completions', { messages, ...members }));
const responses = (members: JsonObject) => inputTokenBound(readPass('responses', members));
const anyText = fc.string({ unit: 'binary', maxLength: 60 });

/**
 * The worst tokenizer that byte-level BPE can be: one that never merges two bytes. Beside the texts OpenAI documents 3 tokens
 * a message, 3 to prime the reply, 9 a function.
 */
test('the bound is never below one token a byte of all that is said, with the overhead of each message', () => {
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 8 }), (texts) => {
      const worst = texts.reduce((sum, text) => sum + bytes(text) + 3, 3);
      expect(chat(texts.map((content) => ({ role: 'user', content })))).toBeGreaterThanOrEqual(worst);
      expect(responses({ input: texts.map((content) => ({ role: 'user', content })) })).toBeGreaterThanOrEqual(worst);
    }),
    { seed: SEED },
  );
});

test('tools, schemas and members that nobody knows are counted, for the model may read them', () => {
  fc.assert(
    fc.property(anyText, fc.dictionary(anyText, fc.jsonValue()), (description, schema) => {
      const json = bytes(description) + bytes(JSON.stringify(schema)) + 9;
      const tools = [{ type: 'function', name: 'f', description, parameters: schema }];
      const plain = responses({});
      expect(responses({ tools }) - plain).toBeGreaterThanOrEqual(json);
      expect(responses({ text: { format: { description, schema } } }) - plain).toBeGreaterThanOrEqual(json);
      expect(responses({ x_new: [description, schema] }) - plain).toBeGreaterThanOrEqual(json - 9);
    }),
    { seed: SEED },
  );
});

test('the least request is bounded by more than the tokens that frame it, and by less than a hundred', () => {
  for (const bound of [chat([{ role: 'user', content: '' }]), responses({ input: '' })]) {
    expect(bound).toBeGreaterThanOrEqual(3 + 3);
    expect(bound).toBeLessThan(150);
  }
  // The priming of the reply is billed beside whatever the body says.
  expect(inputTokenBound({ ...readPass('responses'), body: {} })).toBeGreaterThanOrEqual(bytes('{}') + 3);
});

test('each token of an array of tokens has a digit, so that its bytes bound it too', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(200_000), { minLength: 1 }), { minLength: 1, maxLength: 5 }), (input) => {
      const bound = inputTokenBound(readPass('embeddings', { input }));
      expect(bound).toBeGreaterThanOrEqual(input.reduce((sum, tokens) => sum + tokens.length, 0));
    }),
    { seed: SEED },
  );
  expect(inputTokenBound(readPass('embeddings', { input: Array(1_000).fill(7) }))).toBeLessThan(2_100);
});

test('I8 a picture is bounded by its detail, not by the length of its address', () => {
  const picture = (url: string) => ({ role: 'user', content: [{ type: 'image_url', image_url: { url } }] });
  const near = chat([picture('https://example.com/a.png')]);
  expect(chat([picture(`data:image/png;base64,${'A'.repeat(400_000)}`)])).toBe(near);
  expect(near).toBeGreaterThanOrEqual(3_000);
  expect(near).toBeLessThan(3_200);
  const more = chat([picture('https://example.com/a.png'), picture('https://example.com/b.png')]);
  expect(more - near).toBeGreaterThanOrEqual(3_000);
  const input = [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://example.com/a.png' }] }];
  expect(responses({ input })).toBeGreaterThanOrEqual(3_000);
});

test('I8 a text that only looks like a picture’s address is counted in full', () => {
  const text = 'a'.repeat(100_000);
  const parameters = { default: { type: 'input_image', image_url: text } };
  expect(responses({ tools: [{ type: 'function', name: 'f', parameters }] })).toBeGreaterThan(100_000);
  expect(responses({ metadata: { images: [text] } })).toBeGreaterThan(100_000);
});

test('small models that multiply a picture’s tokens are bounded by their own factor', () => {
  // 2,833 tokens and 5,667 for each of eight tiles; 1,536 patches at 1.62 or 2.46.
  expect(imageTokenBound('gpt-4o-mini-2024-07-18')).toBe(2_833 + 8 * 5_667);
  expect(imageTokenBound('gpt-5-nano')).toBeGreaterThanOrEqual(1_536 * 2.46);
  expect(imageTokenBound('gpt-4.1-mini')).toBeGreaterThanOrEqual(1_536 * 1.62);
  expect([imageTokenBound('gpt-4o'), imageTokenBound('gpt-6-luna'), imageTokenBound('a-new-one')]).toEqual([
    3_000, 3_000, 3_000,
  ]);
});

test('one body asked for by two models is bounded for each', () => {
  const content = [{ type: 'input_image', image_url: 'https://example.com/a.png' }];
  const small = readPass('responses', { input: [{ role: 'user', content }] });
  const bounds = ['gpt-6-luna', 'gpt-4o-mini', 'gpt-6-luna'].map((model) => inputTokenBound({ ...small, model }));
  expect(bounds[1]).toBe((bounds[0] ?? 0) - 3_000 + imageTokenBound('gpt-4o-mini'));
  expect(bounds[2]).toBe(bounds[0]);
});

test('I8 what refers to stored input is bounded by the window, and never by less than what is there to see', () => {
  const stored = { ...readPass('responses', { previous_response_id: 'resp_1' }, { mayStore: true }) };
  expect(inputTokenBound(stored)).toBe(contextWindowTokens('gpt-6-luna'));
  const long = { ...stored, body: { ...LEAST_BODY.responses, input: 'a'.repeat(2_000_000) } };
  expect(inputTokenBound(long)).toBeGreaterThan(2_000_000);
});

test('a number that was kept as it was written is counted by its digits', () => {
  const raw = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('1'.repeat(1_000));
  expect(responses({ seed: raw }) - responses({})).toBeGreaterThanOrEqual(1_000);
});
