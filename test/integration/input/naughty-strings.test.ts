import { afterAll, beforeAll, expect, test } from 'vitest';
import { corpus } from '#test/support/corpus.ts';
import { startLocalGateway, type LocalGateway } from '#test/support/local-gateway.ts';

const strings = corpus<{ readonly text: string }>('naughty-strings').map(({ text }) => text);
const templates = [
  '{{7*7}}',
  '${7*7}',
  '${process.env}',
  '#{7*7}',
  '<%= 7*7 %>',
  '%s%d%n',
  '{0}',
  '$(id)',
  '`id`',
  '\\u0000',
];
/** What JSON can hold and few expect. */
const odd = ['\0', '\ud800', '\udfff\ud800', '\ufeff', '\u2028\u2029', '\u202e', 'e\u0301', '\x7f\x1b[31m'];

let gateway: LocalGateway;
beforeAll(async () => {
  gateway = await startLocalGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The user's words, as the upstream got them in its last request. */
function arrivedText(): unknown {
  const [message] = gateway.upstream.requests.at(-1)!.body.input as { readonly content: unknown }[];
  return message!.content;
}

test('I5 every naughty string reaches the upstream verbatim, and none is a 500', { timeout: 90_000 }, async () => {
  expect(strings).toHaveLength(515);
  const texts = [...new Set([...strings, ...templates, ...odd])].filter((text) => text !== '');
  for (const text of texts) {
    const before = gateway.upstream.requests.length;
    const { status } = await gateway.send({ path: '/v1/summarize', body: { text } });
    expect([text, status, gateway.upstream.requests.length - before]).toEqual([text, 200, 1]);
    expect(arrivedText()).toBe(text);
  }
});

test('I5 no caller’s text gets into the instructions', () => {
  const instructions = gateway.upstream.requests.map(({ body }) => body.instructions);
  expect(new Set(instructions).size).toBe(1);
});

test('I5 as labels and as texts of a batch they arrive verbatim too', async () => {
  const texts = [...new Set(strings)].filter((text) => text !== '');
  for (let at = 0; at < texts.length; at += 50) {
    const batch = texts.slice(at, at + 50);
    const { status } = await gateway.send({ path: '/v1/embed', body: { texts: batch, dimensions: 16 } });
    expect(status).toBe(200);
    expect(gateway.upstream.requests.at(-1)!.body.input).toEqual(batch);

    const labels = batch.filter((label) => label.length <= 80);
    const reply = await gateway.send({ path: '/v1/classify', body: { text: batch[0], labels } });
    expect(reply.status).toBe(200);
    expect(reply.json['label']).toBe(labels[0]);
    const [sentLabels] = gateway.upstream.requests.at(-1)!.body.input as { readonly content: string }[];
    expect(JSON.parse(sentLabels!.content)).toEqual(labels);
  }
});

/** A text wherever a caller's own words may stand, in Chat Completions' words and in those of Responses. */
const requestsWith: Readonly<Record<string, (text: string) => Readonly<Record<string, unknown>>>> = {
  'chat/completions': (text) => ({
    messages: [
      { role: 'system', content: text },
      { role: 'user', content: [{ type: 'text', text }], name: text },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'call_1', type: 'function', function: { name: 'look', arguments: JSON.stringify({ text }) } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: text },
    ],
    tools: [{ type: 'function', function: { name: 'look', description: text, parameters: { [`p ${text}`]: text } } }],
    metadata: { note: text },
    user: text,
  }),
  responses: (text) => ({
    instructions: text,
    input: [
      { role: 'user', content: [{ type: 'input_text', text }] },
      { type: 'function_call', call_id: 'call_1', name: 'look', arguments: text },
      { type: 'function_call_output', call_id: 'call_1', output: text },
    ],
    tools: [{ type: 'function', name: 'look', description: text, parameters: { [`p ${text}`]: text }, strict: false }],
    metadata: { note: text },
    prompt_cache_key: text,
  }),
  embeddings: (text) => ({ input: [text, `a ${text}`], dimensions: 16, user: text }),
  moderations: (text) => ({ input: [text, `a ${text}`] }),
};
const models: Readonly<Record<string, string>> = {
  embeddings: 'text-embedding-3-small',
  moderations: 'omni-moderation-latest',
};

test.each(Object.keys(requestsWith))(
  'I5 every naughty string passes through openai/v1/%s verbatim, in messages, arguments, tools and metadata',
  { timeout: 90_000 },
  async (api) => {
    const texts = [...new Set([...strings, ...templates, ...odd])].filter((text) => text !== '');
    const model = models[api] ?? 'gpt-6-luna';
    for (const text of texts) {
      const asked = requestsWith[api]!(text);
      const before = gateway.upstream.requests.length;
      const { status } = await gateway.send({ path: `/openai/v1/${api}`, body: { model, ...asked } });
      expect([text, status, gateway.upstream.requests.length - before]).toEqual([text, 200, 1]);
      const { body } = gateway.upstream.requests.at(-1)!;
      expect(Object.fromEntries(Object.keys(asked).map((name) => [name, body[name]]))).toEqual(asked);
    }
  },
);

test('I5 the empty string is refused by its length', async () => {
  const { status, json } = await gateway.send({ path: '/v1/summarize', body: { text: '' } });
  expect([status, json['detail']]).toEqual([
    400,
    'text must be at least 1 character long, but 0 characters were provided',
  ]);
});
