import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { inputTokenBound } from '#context/token-bound.ts';
import { estimateTokens } from '#context/token-estimate.ts';
import type { EmbedRequest, InputItem, RespondRequest } from '#protocol/request.ts';

const SEED = 20_261_122;
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const message = (text: string): InputItem => ({ type: 'message', role: 'user', text });
const requestOf = (facts: Partial<RespondRequest> = {}): RespondRequest => ({
  kind: 'respond',
  model: 'gpt-6-luna',
  instructions: '',
  input: [],
  maxOutputTokens: 100,
  ...facts,
});

/**
 * The worst tokenizer that byte-level BPE can be: one that never merges two bytes. Whatever the real one merges, it counts
 * fewer. Overheads are those that OpenAI documents: 3 tokens a message, 3 to prime the reply, 9 a function.
 */
const bytes = (text: string) => new TextEncoder().encode(text).length;

test('the bound is never below one token a byte of all that the model reads, with the overhead of each message', () => {
  const anyMessage = anyText.map(message);
  const anyTurn: fc.Arbitrary<InputItem> = fc.oneof(
    anyMessage,
    fc.record({ type: fc.constant('tool-call' as const), callId: fc.constant('c'), name: anyText, arguments: anyText }),
    fc.record({ type: fc.constant('tool-result' as const), callId: fc.constant('c'), output: anyText }),
  );
  fc.assert(
    fc.property(anyText, fc.array(anyTurn, { maxLength: 8 }), (instructions, input) => {
      const read = input.flatMap((item) =>
        item.type === 'message'
          ? [item.text]
          : item.type === 'tool-result'
            ? [item.output]
            : [item.name, item.arguments],
      );
      const worst = bytes(instructions) + read.reduce((sum, text) => sum + bytes(text), 0) + 3 * (input.length + 1) + 3;
      expect(inputTokenBound(requestOf({ instructions, input }))).toBeGreaterThanOrEqual(worst);
    }),
    { seed: SEED },
  );
});

test('the bound of an embedding is never below one token a byte of its texts', () => {
  fc.assert(
    fc.property(fc.array(anyText, { minLength: 1, maxLength: 20 }), (texts) => {
      const request: EmbedRequest = { kind: 'embed', model: 'text-embedding-3-small', texts };
      expect(inputTokenBound(request)).toBeGreaterThanOrEqual(texts.reduce((sum, text) => sum + bytes(text), 0));
    }),
    { seed: SEED },
  );
});

test('tools and schemas are read by the model too: each is bounded by its JSON, and 9 tokens a function', () => {
  const plain = inputTokenBound(requestOf());
  fc.assert(
    fc.property(anyText, anyText, fc.dictionary(anyText, fc.jsonValue()), (name, description, schema) => {
      const json = bytes(JSON.stringify(schema));
      const tool = { name, description, parameters: schema };
      expect(inputTokenBound(requestOf({ tools: [tool] })) - plain).toBeGreaterThanOrEqual(
        9 + bytes(name) + bytes(description) + json,
      );
      expect(inputTokenBound(requestOf({ format: { name: 'answer', schema } })) - plain).toBeGreaterThanOrEqual(json);
    }),
    { seed: SEED },
  );
});

test('a lone surrogate, a zero-width character and an emoji count as the bytes that are sent', () => {
  const of = (text: string) =>
    inputTokenBound(requestOf({ input: [message(text)] })) - inputTokenBound(requestOf({ input: [message('')] }));
  expect([of('\ud800'), of('\u200b'), of('👋'), of('é'), of('a')]).toEqual([3, 3, 4, 2, 1]);
});

test('more text never lowers the bound, and its cost in time is that of the text', () => {
  fc.assert(
    fc.property(anyText, anyText, (text, more) => {
      const of = (each: string) => inputTokenBound(requestOf({ input: [message(each)] }));
      // Two surrogates may join to one character, which has fewer bytes than both: the only case, and right.
      fc.pre(text.isWellFormed() && more.isWellFormed());
      expect(of(text + more)).toBe(of(text) + of(more) - of(''));
    }),
    { seed: SEED },
  );
});

test('the estimate lies within the bound', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(estimateTokens(text)).toBeLessThanOrEqual(bytes(text));
      expect(estimateTokens(text)).toBeGreaterThanOrEqual(text === '' ? 0 : 1);
    }),
    { seed: SEED },
  );
});

test('the names of calls are counted too, with the call and with its result', () => {
  const bound = (callId: string) =>
    inputTokenBound(
      requestOf({
        input: [
          { type: 'tool-call', callId, name: 'look', arguments: '{}' },
          { type: 'tool-result', callId, output: 'done' },
        ],
      }),
    );
  expect(bound('call_ü') - bound('')).toBe(2 * bytes('call_ü'));
});
