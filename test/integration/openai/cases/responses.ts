import { answer, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import {
  asWritten,
  model,
  parameters,
  picture,
  question as input,
  schema,
  toolCalls,
  unicode,
  UNKNOWN,
  type Case,
} from './case.ts';

const messages = [{ role: 'user', content: input }];
const limited = { max_output_tokens: 500 };
const tools = [{ type: 'function', name: 'read_level', parameters, strict: true }];
const text = { format: { type: 'json_schema', name: 'level', strict: true, schema } };

const oddResponse = `{"id":"r","object":"response","created_at":1,"model":"${model}","status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":2,"total_tokens":5}}`;
const oddResponses = [
  ': hello\n\n',
  `event:response.created\ndata:{"type":"response.created","sequence_number":0,"response":{"id":"r","model":"${model}","status":"in_progress","output":[]}}\n\n`,
  'event: response.dream.delta\ndata: {"type":"response.dream.delta","sequence_number":1,\ndata: "delta":"…"}\n\n',
  'data: {"type":"response.future","sequence_number":2}\n\n',
  `event: response.completed\ndata: {"type":"response.completed","sequence_number":3,"response":${oddResponse}}\n\n`,
].join('');

/** Responses. */
export const RESPONSES: readonly Case[] = [
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
    name: 'Responses streamed in odd writing, with events that nobody knows',
    path: 'responses',
    body: { input, stream: true, ...limited },
    step: asWritten(oddResponses),
  },
];
