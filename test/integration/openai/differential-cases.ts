import { send, type Step } from '#test/support/scripted-exchange.ts';
import { answer, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';

export const model = 'gpt-6-luna';

/** A request, and what the upstream is to do with it. */
export interface Case {
  readonly name: string;
  readonly path: 'chat/completions' | 'responses' | 'embeddings' | 'moderations';
  /** Without the model. A text goes as it stands. */
  readonly body: object | string;
  readonly step: Step;
  /** What Weir changes in the body, beside what it puts into every one of that API. */
  readonly bounds?: object;
  /** The plain reply tells the output limit, which the caller had not given. */
  readonly tellsLimit?: true;
}

const messages = [{ role: 'user', content: 'What is the level of the Isar?' }];
const input = 'What is the level of the Isar?';
const parameters = {
  type: 'object',
  properties: { river: { type: 'string' } },
  required: ['river'],
  additionalProperties: false,
};
const limit = { max_completion_tokens: 500 };
const limited = { max_output_tokens: 500 };
const chatTools = [{ type: 'function', function: { name: 'read_level', parameters, strict: true } }];
const tools = [{ type: 'function', name: 'read_level', parameters, strict: true }];
const toolCalls = [
  { name: 'read_level', arguments: '{"river": "Isar"}' },
  { name: 'read_level', arguments: { river: 'Wörth 豆腐 🙂' } },
];
const schema = {
  type: 'object',
  properties: { level: { type: 'integer' } },
  required: ['level'],
  additionalProperties: false,
};
const response_format = { type: 'json_schema', json_schema: { name: 'level', strict: true, schema } };
const text = { format: { type: 'json_schema', name: 'level', strict: true, schema } };
const picture = `data:image/png;base64,${Buffer.from('a heron').toString('base64')}`;
const unicode = ['zwölf €', ' 豆腐 🙂', '\u2028\u0000\ud83d\ude42 "quoted" \\ \n'];
/** Numbers that JavaScript would round, members that nobody has heard of, and words as no JSON printer writes them. */
const UNKNOWN =
  '"x_id":12345678901234567890,"x_ratio":0.30000000000000004441,"x_deep":{"list":[[],{},null,1e-7]},"x_w\\u00f6rd":"\\u0041\\/b"';

/** A stream as the format allows it and nobody prints it: https://html.spec.whatwg.org/multipage/server-sent-events.html */
const asWritten =
  (written: string): Step =>
  (exchange) =>
    send(exchange, 200, written, { 'content-type': 'text/event-stream; charset=utf-8' });

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

const oddResponse = `{"id":"r","object":"response","created_at":1,"model":"${model}","status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}`;
const oddResponses = [
  ': hello\n\n',
  `event:response.created\ndata:{"type":"response.created","sequence_number":0,"response":{"id":"r","model":"${model}","status":"in_progress","output":[]}}\n\n`,
  'event: response.dream.delta\ndata: {"type":"response.dream.delta","sequence_number":1,\ndata: "delta":"…"}\n\n',
  'data: {"type":"response.future","sequence_number":2}\n\n',
  `event: response.completed\ndata: {"type":"response.completed","sequence_number":3,"response":${oddResponse}}\n\n`,
].join('');

/** All that has to be equal. */
export const CASES: readonly Case[] = [
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
  { name: 'Responses', path: 'responses', body: { input, ...limited }, step: answer() },
  { name: 'Responses without a limit', path: 'responses', body: { input }, step: answer(), tellsLimit: true },
  {
    name: 'Responses with members that cost nothing',
    path: 'responses',
    body: {
      ...limited,
      instructions: 'Be brief – “kurz”.',
      input: [{ role: 'user', content: [{ type: 'input_text', text: input }] }],
      metadata: { team: 'river' },
      prompt_cache_key: 'weir',
      include: ['reasoning.encrypted_content'],
      reasoning: { effort: 'low', summary: 'auto' },
      truncation: 'disabled',
      store: false,
    },
    step: answer(),
  },
  { name: 'Responses streamed', path: 'responses', body: { input, stream: true, ...limited }, step: stream() },
  {
    name: 'Responses streamed byte by byte, with padding',
    path: 'responses',
    body: { input, stream: true, ...limited },
    step: stream({ chunks: unicode, chunkBytes: 1, obfuscation: true }),
  },
  { name: 'Responses tools', path: 'responses', body: { input, tools, ...limited }, step: answer({ toolCalls }) },
  {
    name: 'Responses tools streamed',
    path: 'responses',
    body: { input, tools, stream: true, ...limited },
    step: answer({ text: 'Let me see.', toolCalls }),
  },
  {
    name: 'Responses after a tool’s result, with sealed thoughts',
    path: 'responses',
    body: {
      ...limited,
      tools,
      input: [
        ...messages,
        { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'sealed' },
        { type: 'function_call', call_id: 'call_1', name: 'read_level', arguments: '{"river":"Isar"}' },
        { type: 'function_call_output', call_id: 'call_1', output: '132 cm' },
      ],
    },
    step: answer(),
  },
  { name: 'Responses structured', path: 'responses', body: { input, text, ...limited }, step: answer() },
  {
    name: 'Responses structured, streamed',
    path: 'responses',
    body: { input, text, stream: true, ...limited },
    step: answer({ json: { level: 132 } }),
  },
  {
    name: 'Responses with a picture',
    path: 'responses',
    body: {
      ...limited,
      input: [{ role: 'user', content: [{ type: 'input_image', image_url: picture, detail: 'auto' }] }],
    },
    bounds: { input: [{ role: 'user', content: [{ type: 'input_image', image_url: picture, detail: 'high' }] }] },
    step: answer(),
  },
  {
    name: 'Responses with unknown members in request and reply',
    path: 'responses',
    body: `{"model":"${model}","max_output_tokens":500,"input":[{"role":"user","content":"hi",${UNKNOWN}}],${UNKNOWN}}`,
    step: answer({ noise: true, toolCalls }),
  },
  {
    name: 'Responses with unknown members, streamed',
    path: 'responses',
    body: `{"model":"${model}","max_output_tokens":500,"stream":true,"input":"hi",${UNKNOWN}}`,
    step: stream({ chunks: unicode, toolCalls, noise: true, obfuscation: true }),
  },
  { name: 'Responses refused', path: 'responses', body: { input, ...limited }, step: refusal() },
  {
    name: 'Responses refused, streamed',
    path: 'responses',
    body: { input, stream: true, ...limited },
    step: stream({ refusal: true, chunks: ['I ', 'cannot.'] }),
  },
  {
    name: 'Responses cut at its limit, streamed',
    path: 'responses',
    body: { input, stream: true, ...limited },
    step: incomplete({ reason: 'max_output_tokens' }),
  },
  {
    name: 'Responses filtered',
    path: 'responses',
    body: { input, ...limited },
    step: incomplete({ reason: 'content_filter' }),
  },
  {
    name: 'embeddings as floats',
    path: 'embeddings',
    body: { model: 'text-embedding-3-small', input: ['one', 'zwölf 🙂'], dimensions: 16 },
    step: answer(),
  },
  {
    name: 'embeddings of tokens in base64, with unknown members',
    path: 'embeddings',
    body: `{"model":"text-embedding-3-small","input":[[1,2,3],[4]],"encoding_format":"base64",${UNKNOWN}}`,
    step: answer({ noise: true }),
  },
  {
    name: 'moderations',
    path: 'moderations',
    body: { model: 'omni-moderation-latest', input: ['nice', 'not nice'] },
    step: answer({ flagged: true, noise: true }),
  },
  {
    name: 'chat streamed in odd writing, with events that nobody knows',
    path: 'chat/completions',
    body: { messages, stream: true, stream_options: { include_usage: true } },
    step: asWritten(oddChat),
  },
  {
    name: 'Responses streamed in odd writing, with events that nobody knows',
    path: 'responses',
    body: { input, stream: true, ...limited },
    step: asWritten(oddResponses),
  },
];
