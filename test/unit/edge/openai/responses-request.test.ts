import { describe, expect, test } from 'vitest';
import { readPass, refusalOf } from '#test/support/pass-reading.ts';

const mayStore = { mayStore: true };

describe('I8 what goes on from something stored', () => {
  test.each([
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['conversation', { conversation: { id: 'conv_1' } }],
    ['input.1', { input: ['a', { type: 'item_reference', id: 'msg_1' }] }],
    ['input.0', { input: [{ id: 'msg_1' }] }],
    ['input.0', { input: [{ type: null, id: 'msg_1' }] }],
    ['prompt_cache_options.comparison_response_id', { prompt_cache_options: { comparison_response_id: 'resp_1' } }],
  ])('%s is bounded by the window where the policy allows it, else refused with the reason', (place, members) => {
    expect(readPass('responses', members, mayStore)).toMatchObject({ refersToStored: true, body: members });
    for (const policy of [undefined, {}, { mayStore: false }]) {
      const { status, message } = refusalOf('responses', members, policy);
      expect([status, message.startsWith(`${place} is not allowed: this caller's policy`)]).toEqual([400, true]);
    }
  });

  test('null is nothing', () => {
    const members = { previous_response_id: null, conversation: null };
    expect(readPass('responses', members).refersToStored).toBe(false);
  });

  test('a stored prompt is refused whatever the policy', () => {
    expect(refusalOf('responses', { prompt: { id: 'pmpt_1' } }, mayStore).message).toMatch(/^prompt is not allowed/);
  });
});

test('a stream of Responses is asked for as the caller asked', () => {
  const request = readPass('responses', { stream: true, stream_options: { include_obfuscation: false } });
  expect(request.body).toMatchObject({ stream: true, stream_options: { include_obfuscation: false } });
  expect(request.body['stream_options']).not.toHaveProperty('include_usage');
  expect(request.wantsUsage).toBe(false);
});

test('instructions are a text, for nobody would look at anything else', () => {
  expect(refusalOf('responses', { instructions: [{ role: 'user', content: 'a' }] }).message).toBe(
    'instructions must be a text, but an array was provided',
  );
  expect(readPass('responses', { instructions: null }).body['instructions']).toBeNull();
});

test('input may be a text, an array, or left out, and nothing else', () => {
  expect(readPass('responses', { input: undefined }).body).not.toHaveProperty('input');
  expect(refusalOf('responses', { input: 5 }).message).toBe('input must be a text or an array, but 5 was provided');
});

test('text.format and tools pass as they are', () => {
  const members = {
    instructions: 'Be brief.',
    text: { format: { type: 'json_schema', name: 'a', schema: { type: 'object', properties: { api_key: {} } } } },
    tools: [{ type: 'function', name: 'f', parameters: { properties: { base_url: { type: 'string' } } } }],
    include: ['reasoning.encrypted_content'],
    metadata: { organization: 'a' },
  };
  expect(readPass('responses', members).body).toMatchObject(members);
});
