import { expect, test } from 'vitest';
import { rewritePassReply } from '#call/pass-rewrite/rewrite-json.ts';
import { loud, quiet } from './rewritings.ts';

test('D11 the originals come back in every text of a chat reply, and nothing else changes', () => {
  const reply = (mail: string, escaped: string) =>
    `{"id":"chatcmpl-[MAIL_1]","object":"chat.completion","created":1790000000,"model":"gpt-6-luna","choices":[{"index":0,` +
    `"message":{"role":"assistant","content":"To ${mail}.","refusal":null,"annotations":[{"type":"url_citation","url_citation":` +
    `{"title":"${mail}","url":"https://example.org/?${mail}"}}],"tool_calls":[{"id":"call_[MAIL_1]","type":"function","function":` +
    `{"name":"send","arguments":"{\\"to\\":\\"${escaped}\\",\\"n\\":12345678901234567890}"}}]},"logprobs":` +
    `{"content":[{"token":"To","logprob":-0.10000000000000000001,"bytes":[84]}]},"finish_reason":"tool_calls"}],` +
    `"usage":{"prompt_tokens":9007199254740993},"later":{"new":"${mail}"}}`;
  const rewritten = rewritePassReply(reply('[MAIL_1]', '[MAIL_1]'), loud('text'));
  expect(rewritten).toBe(reply(String.raw`\"Ada\" <ada>`, String.raw`\\\"Ada\\\" <ada>`));
});

test('D11 an answer in JSON can be parsed as before', () => {
  const content = JSON.stringify({ to: '[MAIL_1]' });
  const reply = JSON.stringify({
    object: 'response',
    instructions: 'Write to [MAIL_1].',
    metadata: { '[MAIL_1]': 'x' },
    output: [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: content, annotations: [] }] },
    ],
    output_text: content,
  });
  const rewritten = JSON.parse(rewritePassReply(reply, loud('json'))) as Record<string, string>;
  expect(JSON.parse(rewritten['output_text'] ?? '')).toEqual({ to: '"Ada" <ada>' });
  expect(rewritten).toMatchObject({
    instructions: 'Write to "Ada" <ada>.',
    metadata: { '"Ada" <ada>': 'x' },
    output: [{ content: [{ text: rewritten['output_text'] }] }],
  });
});

test('D9 masks change what the model wrote, and neither what the reply repeats nor its ids', () => {
  const reply = {
    id: 'resp_1',
    instructions: 'Never say SECRET.',
    output: [
      {
        id: 'msg_SECRET',
        type: 'message',
        content: [{ type: 'output_text', text: 'SECRET!', logprobs: [{ token: 'SEC' }] }],
      },
      { id: 'fc_1', type: 'function_call', call_id: 'SECRET', name: 'SECRET', arguments: '{"a":"SECRET"}' },
    ],
  };
  expect(JSON.parse(rewritePassReply(JSON.stringify(reply), quiet()))).toEqual({
    id: 'resp_1',
    instructions: 'Never say SECRET.',
    output: [
      { id: 'msg_SECRET', type: 'message', content: [{ type: 'output_text', text: '[KEY]!', logprobs: [] }] },
      { id: 'fc_1', type: 'function_call', call_id: 'SECRET', name: 'SECRET', arguments: '{"a":"[KEY]"}' },
    ],
  });
});

test('a reply in which nothing changes stays as it was written, to the byte', () => {
  const reply = '{ "choices" : [ ], "n":1.0, "e":1e3 }\n';
  expect(rewritePassReply(reply, loud('text'))).toBe(reply);
  expect(rewritePassReply(reply, quiet())).toBe(reply);
});
