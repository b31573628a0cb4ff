import { expect, test } from 'vitest';
import { readPass, refusalOf } from '#test/support/pass-reading.ts';

const CHAT = 'chat/completions';

test('I6 at most 128 choices, and their number multiplies the output', () => {
  expect(refusalOf(CHAT, { n: 1000 }).message).toBe('n must be from 1 to 128, but 1000 was provided');
  expect(refusalOf(CHAT, { n: 0 }).message).toBe('n must be from 1 to 128, but 0 was provided');
  expect([readPass(CHAT).choices, readPass(CHAT, { n: null }).choices, readPass(CHAT, { n: 128 }).choices]).toEqual([
    1, 1, 128,
  ]);
  expect(readPass(CHAT, { n: 3 }).body['n']).toBe(3);
});

test('the older name of the output limit is kept, but not both', () => {
  expect(readPass(CHAT, { max_tokens: 50 })).toMatchObject({ maxOutputTokens: 50, outputLimitName: 'max_tokens' });
  expect(readPass(CHAT, { max_tokens: null, max_completion_tokens: 60 })).toMatchObject({
    maxOutputTokens: 60,
    outputLimitName: 'max_completion_tokens',
  });
  expect(readPass(CHAT, { max_tokens: null }).body).not.toHaveProperty('max_tokens');
  expect(refusalOf(CHAT, { max_tokens: 50, max_completion_tokens: 60 }).message).toBe(
    'max_tokens cannot stand beside max_completion_tokens',
  );
  expect(refusalOf(CHAT, { max_tokens: 1e9 }).message).toBe(
    'max_tokens must be from 1 to 16,000, but 1000000000 was provided',
  );
});

test('usage is asked for in every stream, and whether the caller asked for it too stays known', () => {
  const streamed = (stream_options?: unknown) => readPass(CHAT, { stream: true, stream_options });
  expect(streamed()).toMatchObject({ body: { stream_options: { include_usage: true } }, wantsUsage: false });
  expect(streamed({ include_obfuscation: false, include_usage: false })).toMatchObject({
    body: { stream_options: { include_obfuscation: false, include_usage: true } },
    wantsUsage: false,
  });
  expect(streamed({ include_usage: true }).wantsUsage).toBe(true);
  expect(readPass(CHAT).body).not.toHaveProperty('stream_options');
  expect(refusalOf(CHAT, { stream: true, stream_options: 'all' }).message).toContain(
    'stream_options must be an object',
  );
});

test('messages are required, as an array', () => {
  expect(refusalOf(CHAT, { messages: undefined }).message).toBe('messages is required (an array)');
  expect(refusalOf(CHAT, { messages: 'hello' }).message).toBe("messages must be an array, but 'hello' was provided");
});

test('a seed, a stop and a condition to stop pass', () => {
  const members = {
    seed: 7,
    stop: ['\n'],
    stop_when: { sentences: 2 },
    logit_bias: { '50256': -100 },
    response_format: { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } },
  };
  expect(readPass(CHAT, members).body).toMatchObject(members);
});

test('a prediction is refused, for those of its tokens that are rejected are billed beyond the limit of output', () => {
  const prediction = { type: 'content', content: 'a' };
  expect(refusalOf(CHAT, { prediction }).message).toContain('prediction is not allowed: those of its tokens');
});

test('what was said aloud has no price: neither as input nor as an answer that is gone on from', () => {
  const audio = { type: 'input_audio', input_audio: { data: '', format: 'wav' } };
  expect(refusalOf(CHAT, { messages: [{ role: 'user', content: [audio] }] }).message).toContain(
    'messages.0.content.0.type is not allowed: sound has no price',
  );
  expect(refusalOf(CHAT, { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }).message).toContain(
    'messages.0.audio is not allowed',
  );
  expect(readPass(CHAT, { messages: [{ role: 'assistant', content: 'a', audio: null }] }).kind).toBe('pass');
});
