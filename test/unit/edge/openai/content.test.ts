import type { PassApi } from '#protocol/request.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPass, refusalOf } from '#test/support/pass-reading.ts';

const URL = 'https://example.com/a.png';
const userSays = (...content: unknown[]) => [{ role: 'user', content }];
const ofChat = (image: unknown) =>
  readPass('chat/completions', { messages: userSays({ type: 'image_url', image_url: image }) });
const mayStore = { mayStore: true };
const ofResponses = (image: object) =>
  readPass('responses', { input: userSays({ type: 'input_image', ...image }) }, mayStore);

describe('pictures', () => {
  test.each([undefined, null, 'auto', 'original', 'high'])(
    'I8 detail %s is sent as high, whose cost is bounded',
    (detail) => {
      expect(ofChat({ url: URL, detail }).body['messages']).toEqual(
        userSays({ type: 'image_url', image_url: { url: URL, detail: 'high' } }),
      );
      expect(ofResponses({ image_url: URL, detail }).body['input']).toEqual(
        userSays({ type: 'input_image', image_url: URL, detail: 'high' }),
      );
    },
  );

  test('low stays low, and other details are refused', () => {
    expect(ofResponses({ image_url: URL, detail: 'low' }).body['input']).toEqual(
      userSays({ type: 'input_image', image_url: URL, detail: 'low' }),
    );
    expect(() => ofChat({ url: URL, detail: 'ultra' })).toThrow(
      "messages.0.content.0.image_url.detail must be one of low, high, auto, but 'ultra' was provided",
    );
  });

  test('I8 a picture at any depth is found', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('list'), fc.string({ minLength: 1 })), { maxLength: 6 }), (way) => {
        fc.pre(!way.some((name) => ['tools', 'arguments', 'type', 'role', 'image_url', '__proto__'].includes(name)));
        let part: unknown = { type: 'input_image', image_url: URL };
        for (const step of way) part = step === 'list' ? [part] : { [step]: part };
        const { body } = readPass('responses', { input: [{ type: 'message', role: 'user', content: part }] });
        expect(JSON.stringify(body['input'])).toContain('"detail":"high"');
      }),
      { seed: 20_261_122 },
    );
  });

  test('what looks like a picture in a tool’s schema is data, and left as it is', () => {
    const parameters = { type: 'object', default: { type: 'input_image', image_url: 'http://10.0.0.1/' } };
    const tools = [{ type: 'function', name: 'a', parameters }];
    expect(readPass('responses', { tools }).body['tools']).toEqual(tools);
    expect(
      readPass('responses', { input: [{ type: 'additional_tools', role: 'developer', tools }] }).body['input'],
    ).toEqual([{ type: 'additional_tools', role: 'developer', tools }]);
  });

  test.each(['http://example.com/a.png', 'https://127.0.0.1/', 'data:text/html,hello', 'file:///etc/passwd', ''])(
    'I2 %s is refused',
    (url) => {
      expect(() => ofChat({ url })).toThrow(/^messages\.0\.content\.0\.image_url\.url must /);
      expect(() => ofResponses({ image_url: url })).toThrow(/^input\.0\.content\.0\.image_url must /);
    },
  );

  test('a picture must have an address, in the form of its API', () => {
    for (const image of [URL, null, {}, { url: 5 }]) expect(() => ofChat(image)).toThrow('image_url');
    expect(() => ofResponses({})).toThrow('must be the address of a picture, but nothing was provided');
    expect(() => ofResponses({ image_url: { url: URL } })).toThrow('must be the address of a picture');
  });

  test('I8 a picture that OpenAI has on file cannot be counted', () => {
    expect(ofResponses({ file_id: 'file_1' })).toMatchObject({ refersToStored: true });
    expect(() => ofResponses({ file_id: 'file_1', image_url: 'http://10.0.0.1/' })).toThrow('https://');
    expect(ofResponses({ image_url: URL }).refersToStored).toBe(false);
  });
});

describe('I8 input that cannot be counted is told', () => {
  test.each([
    { type: 'input_file', file_url: 'https://example.com/a.pdf' },
    { type: 'input_file', file_data: 'data:application/pdf;base64,AAAA' },
  ])('a file: %o', (file) => {
    expect(readPass('responses', { input: userSays(file) }).refersToStored).toBe(true);
  });

  test('a file of Chat Completions', () => {
    const messages = userSays({ type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA' } });
    expect(readPass('chat/completions', { messages }).refersToStored).toBe(true);
  });

  // Callers share a project, and an id that one has learned may be another's.
  test.each<[string, PassApi, object]>([
    ['a file by its id', 'responses', { input: userSays({ type: 'input_file', file_id: 'file_1' }) }],
    ['a picture by its id', 'responses', { input: userSays({ type: 'input_image', file_id: 'file_1' }) }],
    [
      'a file of Chat Completions by its id',
      'chat/completions',
      { messages: userSays({ type: 'file', file: { file_id: 'file_1' } }) },
    ],
    ['thinking by its id', 'responses', { input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] }],
    [
      'thinking with nothing in it',
      'responses',
      { input: [{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: '' }] },
    ],
  ])('%s is kept by OpenAI: counted by the window where the policy allows it, and else refused', (_, api, members) => {
    expect(readPass(api, { ...members }, mayStore).refersToStored).toBe(true);
    expect(refusalOf(api, { ...members }).message).toContain('is not allowed');
  });

  test.each([
    { type: 'compaction', encrypted_content: 'abc' },
    { type: 'web_search_call', id: 'ws_1' },
    { type: 'file_search_call', id: 'fs_1' },
  ])('an item that stands for more than it says: %o', (item) => {
    expect(readPass('responses', { input: [item] }).refersToStored).toBe(true);
  });

  test.each([
    { role: 'user', content: 'a' },
    { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'abc' },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: 'a' },
    { type: 'an_item_of_tomorrow', text: 'a' },
  ])('an item that is all there: %o', (item) => {
    expect(readPass('responses', { input: [item] })).toMatchObject({ refersToStored: false, body: { input: [item] } });
  });

  test('a file from a private address is refused, as a picture is', () => {
    expect(
      refusalOf('responses', { input: userSays({ type: 'input_file', file_url: 'https://169.254.169.254/' }) }).message,
    ).toBe('input.0.content.0.file_url must lead to a public host');
    const listed = { type: 'input_file', file_url: ['https://169.254.169.254/'] };
    expect(refusalOf('responses', { input: userSays(listed) }).message).toContain('file_url must be a text');
  });
});

test.each(['computer_call_output', 'image_generation_call', 'compaction_trigger'])(
  'I8 an item whose cost nothing bounds is refused: %s',
  (type) => {
    expect(refusalOf('responses', { input: [{ type }] }).message).toMatch(/^input\.0\.type is not allowed: /);
  },
);
