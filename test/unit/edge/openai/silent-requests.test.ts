import { describe, expect, test } from 'vitest';
import { readPass, refusalOf } from '#test/support/pass-reading.ts';

describe.each(['embeddings', 'moderations'] as const)('%s', (api) => {
  test('writes nothing: no output is held, and no limit, tier or store is sent', () => {
    const request = readPass(api, { user: 'u', x_new: 1 });
    expect(request).toMatchObject({ maxOutputTokens: 0, choices: 1, serviceTier: 'default', isStream: false });
    expect(request).not.toHaveProperty('outputLimitName');
    expect(request.body).toEqual({ input: 'Hello', user: 'u', x_new: 1 });
  });

  test('input is required', () => {
    expect(refusalOf(api, { input: undefined }).message).toBe('input is required (a text or an array)');
    expect(refusalOf(api, { input: 5 }).message).toContain('but 5 was provided');
  });
});

describe('embeddings', () => {
  test('takes a text, texts, tokens, and arrays of tokens', () => {
    for (const input of ['a', ['a', 'b'], [1, 2], [[1], [2, 3]], Array(2_048).fill('a'), Array(8_000).fill(1)]) {
      expect(readPass('embeddings', { input, encoding_format: 'base64' }).body).toEqual({
        input,
        encoding_format: 'base64',
      });
    }
  });

  test.each([
    [[], 'input must have at least 1 item, but 0 items were provided'],
    [Array(2_049).fill('a'), 'input must have at most 2,048 items, but 2,049 items were provided'],
    [['a', 5], 'input.1 must be a text, but 5 was provided'],
    [[[1], 'a'], "input.1 must be an array of tokens, but 'a' was provided"],
    [[[1], []], 'input.1 must be an array of tokens, but an array was provided'],
    [[1, -1], 'input.0 must be an array of tokens, but 1 was provided'],
    [[1, 1.5], 'input.0 must be an array of tokens, but 1 was provided'],
    [[{ type: 'input_image' }], 'input.0 must be an array of tokens, but an object was provided'],
  ])('refuses what nobody could count', (input, message) => {
    expect(refusalOf('embeddings', { input }).message).toBe(message);
  });
});

test('I6 dimensions beyond all reason are refused before anything is spent', () => {
  expect(readPass('embeddings', { dimensions: 3_072 }).body['dimensions']).toBe(3_072);
  expect(readPass('embeddings', { dimensions: null }).body['dimensions']).toBeNull();
  for (const dimensions of [1e308, 1e9, 0, -1]) {
    expect(refusalOf('embeddings', { dimensions }).message).toContain('dimensions must be from 1 to 65,536, but ');
  }
});

describe('moderations', () => {
  test('needs no model: there is but one kind, and it is free', () => {
    expect(readPass('moderations', { model: undefined }).model).toBe('omni-moderation-latest');
    expect(readPass('moderations', { model: undefined }, { defaultModel: 'gpt-6-luna' }).model).toBe(
      'omni-moderation-latest',
    );
    expect(refusalOf('moderations', { model: undefined }, { models: ['gpt-6-luna'] }).status).toBe(403);
  });

  test('takes texts and pictures, with no detail put in, from public addresses only', () => {
    const input = [
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    ];
    expect(readPass('moderations', { input }).body).toEqual({ input });
    const inward = [{ type: 'image_url', image_url: { url: 'https://192.168.0.1/a.png' } }];
    expect(refusalOf('moderations', { input: inward }).message).toBe(
      'input.0.image_url.url must lead to a public host',
    );
    expect(refusalOf('moderations', { input: [5] }).message).toBe(
      'input.0 must be a text or an object, but 5 was provided',
    );
  });
});
