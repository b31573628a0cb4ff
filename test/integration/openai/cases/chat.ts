import { answer, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import {
  asWritten,
  model,
  parameters,
  picture,
  question,
  schema,
  toolCalls,
  unicode,
  UNKNOWN,
  type Case,
} from './case.ts';

const messages = [{ role: 'user', content: question }];
const limit = { max_completion_tokens: 500 };
const chatTools = [{ type: 'function', function: { name: 'read_level', parameters, strict: true } }];
const response_format = { type: 'json_schema', json_schema: { name: 'level', strict: true, schema } };

const usage = '{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}';
const oddChat = [
  ': hello\r\n\r\n',
  `data:{"id":"c","object":"chat.completion.chunk","created":1,"model":"${model}","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\r\n\r\n`,
  `id: 7\r\nretry: 1000\r\ndata: {"model":"${model}","choices":[{"index":0,\r\ndata: "delta":{"content":"A weir."},"finish_reason":null}]}\r\n\r\n`,
  'event: keepalive\r\ndata: {"type":"keepalive"}\r\n\r\n',
  `data: {"model":"${model}","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\r\n\r\n`,
  `data: {"model":"${model}","choices":[],"usage":${usage}}\r\n\r\n`,
  'data: [DONE]\r\n\r\n',
].join('');

/** Chat Completions. */
export const CHAT: readonly Case[] = [
  { name: 'chat', path: 'chat/completions', body: { messages, ...limit }, step: answer() },
  { name: 'chat without a limit', path: 'chat/completions', body: { messages }, step: answer() },
  {
    name: 'chat with the limit of old, and members that cost nothing',
    path: 'chat/completions',
    body: {
      messages: [{ role: 'developer', content: 'Be brief.', name: 'house' }, ...messages],
      max_tokens: 300,
      temperature: 0.7,
      top_p: 1,
      stop: ['\n\n'],
      logit_bias: { '50256': -100 },
      metadata: { team: 'river' },
      user: 'someone',
      safety_identifier: 'their own',
      service_tier: 'auto',
      reasoning_effort: 'none',
      verbosity: 'low',
    },
    step: answer(),
  },
  { name: 'chat streamed', path: 'chat/completions', body: { messages, stream: true }, step: stream() },
  {
    name: 'chat streamed with usage',
    path: 'chat/completions',
    body: { messages, stream: true, stream_options: { include_usage: true } },
    step: stream({ chunks: unicode }),
  },
  {
    name: 'chat streamed with padding',
    path: 'chat/completions',
    body: { messages, stream: true },
    step: answer({ text: 'one two three four five', obfuscation: true }),
  },
  {
    name: 'chat streamed without padding',
    path: 'chat/completions',
    body: { messages, stream: true, stream_options: { include_obfuscation: false } },
    step: answer({ text: 'one two three four five', obfuscation: true }),
  },
  {
    name: 'chat streamed byte by byte',
    path: 'chat/completions',
    body: { messages, stream: true },
    step: stream({ chunks: unicode, chunkBytes: 1 }),
  },
  {
    name: 'chat tools',
    path: 'chat/completions',
    body: { messages, tools: chatTools, tool_choice: 'required', parallel_tool_calls: true },
    step: answer({ toolCalls }),
  },
  {
    name: 'chat tools streamed, two choices',
    path: 'chat/completions',
    body: { messages, tools: chatTools, n: 2, stream: true },
    step: answer({ text: 'Let me see.', toolCalls }),
  },
  {
    name: 'chat after a tool’s result',
    path: 'chat/completions',
    body: {
      messages: [
        ...messages,
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'read_level', arguments: '{"river":"Isar"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: '132 cm' }] },
      ],
      tools: chatTools,
    },
    step: answer(),
  },
  { name: 'chat structured', path: 'chat/completions', body: { messages, response_format }, step: answer() },
  {
    name: 'chat structured, streamed',
    path: 'chat/completions',
    body: { messages, response_format, stream: true },
    step: answer({ json: { level: 132 } }),
  },
  { name: 'chat, three choices', path: 'chat/completions', body: { messages, n: 3, ...limit }, step: answer() },
  {
    name: 'chat with pictures',
    path: 'chat/completions',
    body: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: picture } },
            { type: 'image_url', image_url: { url: picture, detail: 'low' } },
            { type: 'text', text: 'Which river?' },
          ],
        },
      ],
    },
    bounds: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: picture, detail: 'high' } },
            { type: 'image_url', image_url: { url: picture, detail: 'low' } },
            { type: 'text', text: 'Which river?' },
          ],
        },
      ],
    },
    step: answer(),
  },
  {
    name: 'chat with unknown members in request and reply',
    path: 'chat/completions',
    body: `{"model":"${model}","messages":[{"role":"user","content":"hi",${UNKNOWN}}],${UNKNOWN}}`,
    step: answer({ noise: true }),
  },
  {
    name: 'chat with unknown members, streamed',
    path: 'chat/completions',
    body: `{"model":"${model}","stream":true,"messages":[{"role":"user","content":"hi"}],${UNKNOWN}}`,
    step: stream({ chunks: unicode, toolCalls, noise: true, obfuscation: true }),
    tellsNoUsage: true,
  },
  {
    name: 'chat with unknown members, streamed with usage',
    path: 'chat/completions',
    body: { messages, stream: true, stream_options: { include_usage: true, x_more: [1] } },
    step: stream({ chunks: unicode, noise: true }),
  },
  { name: 'chat refused', path: 'chat/completions', body: { messages }, step: refusal() },
  { name: 'chat refused, streamed', path: 'chat/completions', body: { messages, stream: true }, step: refusal() },
  {
    name: 'chat cut at its limit',
    path: 'chat/completions',
    body: { messages, ...limit },
    step: incomplete({ reason: 'max_output_tokens' }),
  },
  {
    name: 'chat filtered, streamed',
    path: 'chat/completions',
    body: { messages, stream: true },
    step: stream({ finish: 'content_filter' }),
  },
  {
    name: 'chat streamed in odd writing, with events that nobody knows',
    path: 'chat/completions',
    body: { messages, stream: true, stream_options: { include_usage: true } },
    step: asWritten(oddChat),
  },
];
