import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamApi } from '#call/pass-rewrite/deltas.ts';
import type { Rewriting } from '#call/pass-rewrite/rewriting.ts';
import { createPassStreamRewriter, rewritePassStream } from '#call/pass-rewrite/stream-rewriter.ts';
import { stream, type StreamOptions } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { loud, ORIGINAL, quiet } from './rewritings.ts';

let upstream: ScriptedUpstream;
beforeAll(async () => void (upstream = await startScriptedUpstream()));
afterAll(() => upstream.stop());

const BODIES = {
  'chat/completions': { messages: [{ role: 'user', content: 'Hello' }], stream_options: { include_usage: true }, n: 2 },
  responses: { input: 'Hello' },
};

/** The bytes of a stream as the upstream sends them. */
async function recorded(api: StreamApi, options: StreamOptions, body: object = {}): Promise<Uint8Array> {
  upstream.script(stream(options));
  const reply = await fetch(`${upstream.baseUrl}/${api}`, {
    method: 'POST',
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-6-luna', stream: true, ...BODIES[api], ...body }),
  });
  return new Uint8Array(await reply.arrayBuffer());
}

function rewritten(api: StreamApi, rewriting: Rewriting, pieces: Iterable<Uint8Array>): Buffer {
  const rewriter = createPassStreamRewriter(api, rewriting);
  const parts = Array.from(pieces, (piece) => Buffer.from(rewriter.push(piece)));
  return Buffer.concat([...parts, rewriter.end()]);
}

function* cutAt(bytes: Uint8Array, ...places: readonly number[]): Generator<Uint8Array> {
  let from = 0;
  for (const place of [...places, bytes.length]) yield bytes.subarray(from, (from = place));
}

/** The official client, given these bytes as its reply. */
function clientOf(bytes: Uint8Array): OpenAI {
  const headers = { 'content-type': 'text/event-stream' };
  return new OpenAI({ apiKey: 'any', fetch: async () => new Response(Buffer.from(bytes), { headers }) });
}

const dataOf = (bytes: Uint8Array) =>
  [
    ...Buffer.from(bytes)
      .toString()
      .matchAll(/^data: (\{.*\})$/gm),
  ].map(([, data = '']) => JSON.parse(data) as Record<string, unknown>);

const calls = [
  { name: 'send', arguments: JSON.stringify({ to: '[MAIL_1]', subject: '[MAIL_2]' }) },
  { name: 'log', arguments: JSON.stringify({ who: ['[MAIL_1]'] }) },
];
const chunks = ['To [MA', 'IL', '_1', '] 😀', ' and ', '[MAIL_2] [', 'MAIL_1'];
const WRITTEN = `To ${ORIGINAL} 😀 and [MAIL_2] [MAIL_1`;

describe.each(['chat/completions', 'responses'] as const)('%s', (api) => {
  test.each([
    ['text', { chunks }],
    ['a refusal', { chunks, refusal: true }],
    ['text and a tool call', { chunks: chunks.slice(0, 4), toolCalls: calls.slice(1) }],
  ] satisfies [string, StreamOptions][])(
    'S2 D11 a stream of %s is rewritten alike wherever it is cut',
    async (_what, options) => {
      const bytes = await recorded(api, options, { n: 1 });
      for (const rewriting of [loud('text'), quiet()]) {
        const whole = rewritten(api, rewriting, [bytes]);
        expect(rewritePassStream(api, Buffer.from(bytes).toString(), rewriting)).toBe(whole.toString());
        for (let at = 1; at < bytes.length; at += 1) {
          if (!rewritten(api, rewriting, cutAt(bytes, at)).equals(whole)) expect.fail(`cut at ${at} it is another`);
        }
        expect(
          rewritten(
            api,
            rewriting,
            Array.from(bytes, (byte) => Uint8Array.of(byte)),
          ).equals(whole),
        ).toBe(true);
      }
    },
  );

  test('D11 no event is added, left out or moved, and those without texts stay to the byte', async () => {
    const bytes = await recorded(api, { chunks, toolCalls: calls, obfuscation: true, noise: true });
    const before = dataOf(bytes);
    const after = dataOf(rewritten(api, loud('text'), [bytes]));
    const kindOf = (event: Record<string, unknown>) => [event['type'], event['sequence_number'], event['id']];
    expect(after.map(kindOf)).toEqual(before.map(kindOf));
    const plain = await recorded(api, {
      chunks: ['Nothing ', 'of the', ' sort.'],
      toolCalls: [{ name: 'f', arguments: '{"a":1}' }],
    });
    expect(rewritten(api, loud('text'), [plain]).equals(plain)).toBe(true);
  });

  test.each(['\r\n', '\r', '\n'])('comments, names and ends of lines (%j) stay as they are', async (end) => {
    const [line = '', ...others] = Buffer.from(await recorded(api, { chunks }))
      .toString()
      .split('\n\n');
    const text = [line, ': keep-alive', `id: 7\n${others[0]}`, ...others.slice(1)].join('\n\n').replaceAll('\n', end);
    const bytes = rewritten(api, loud('text'), [Buffer.from(text)]);
    const linesOf = (bytesText: string) => bytesText.split(end).filter((one) => !one.startsWith('data: {'));
    expect(linesOf(bytes.toString())).toEqual(linesOf(text));
    expect(bytes.toString()).toContain('Ada');
  });

  test('D9 what a stream that is cut had held back is told, and masked', async () => {
    const bytes = await recorded(api, { chunks: ['It is SEC', 'RET', ' SERV'], end: 'no-terminal' });
    const text = rewritten(api, quiet(), [bytes]).toString();
    expect(text).not.toContain('RET');
    expect(text).toContain('[KEY]');
    expect(text).toContain(' SERV');
  });

  test('D9 the tokens of an answer do not spell what is masked', async () => {
    const bytes = Buffer.from(await recorded(api, { chunks: ['SECRET', '.'] }));
    const likely = [{ token: 'SECRET', logprob: -1, bytes: [83], top_logprobs: [] }];
    const of = api === 'responses' ? '"logprobs":[]' : '"logprobs":null';
    const to = api === 'responses' ? likely : { content: likely, refusal: null };
    const spelt = bytes.toString().replaceAll(of, `"logprobs":${JSON.stringify(to)}`);
    expect(spelt).toContain('"token"');
    expect(rewritten(api, quiet(), [Buffer.from(spelt)]).toString()).not.toContain('SECRET');
  });

  test('an event goes out at once where nothing is held back, and else with the next of its text', async () => {
    const bytes = await recorded(api, { chunks: ['One ', 'two [', 'x] ', 'end'] }, { n: 1 });
    const rewriter = createPassStreamRewriter(api, loud('text'));
    const blocks = Buffer.from(bytes)
      .toString()
      .split(/(?<=\n\n)/);
    const told = blocks.map((block) => rewriter.push(Buffer.from(block)).length > 0);
    const late = blocks.findIndex((block) => block.includes('two ['));
    expect(told.every((isTold, index) => isTold || index === late)).toBe(true);
    expect(told[late]).toBe(false);
  });

  test('what is held back at the end of a text goes out with the event that ends it', async () => {
    const bytes = await recorded(api, { chunks: ['One [MA'] }, { n: 1 });
    const blocks = Buffer.from(bytes)
      .toString()
      .split(/(?<=\n\n)/);
    const last = blocks.findIndex((block) => /response\.output_text\.done|"finish_reason":"/.test(block));
    const rewriter = createPassStreamRewriter(api, loud('text'));
    const told = blocks.slice(0, last + 1).map((block) => Buffer.from(rewriter.push(Buffer.from(block))).toString());
    expect(told.at(-2)).toBe('');
    expect(told.join('')).toBe(blocks.slice(0, last + 1).join(''));
  });
});

test('a text that ends in what might be a placeholder does not hold back the tool calls behind it', async () => {
  const bytes = await recorded('chat/completions', { chunks: ['Look: [MA'], toolCalls: calls }, { n: 1 });
  const blocks = Buffer.from(bytes)
    .toString()
    .split(/(?<=\n\n)/);
  const opening = blocks.findIndex((block) => block.includes('"name":"send"'));
  const rewriter = createPassStreamRewriter('chat/completions', loud('text'));
  const told = blocks.slice(0, opening + 1).map((block) => Buffer.from(rewriter.push(Buffer.from(block))).toString());
  expect(told.join('')).toBe(blocks.slice(0, opening + 1).join(''));
});

test('D11 the official client reads a restored chat stream as one of OpenAI itself', async () => {
  const bytes = rewritten('chat/completions', loud('text'), [
    await recorded('chat/completions', { chunks, toolCalls: calls }),
  ]);
  const running = clientOf(bytes).chat.completions.stream({ model: 'm', messages: [], n: 2 });
  const deltas: string[] = [];
  running.on('content.delta', ({ delta }) => deltas.push(delta));
  const { choices, usage } = await running.finalChatCompletion();
  expect(choices).toHaveLength(2);
  for (const { message } of choices) {
    expect(message.content).toBe(WRITTEN);
    const given = message.tool_calls?.map((call) =>
      call.type === 'function' ? (JSON.parse(call.function.arguments) as unknown) : null,
    );
    expect(given).toEqual([{ to: ORIGINAL, subject: '[MAIL_2]' }, { who: [ORIGINAL] }]);
  }
  expect(deltas.join('')).toHaveLength(2 * WRITTEN.length);
  expect(usage?.completion_tokens).toBeGreaterThan(0);
});

test('D11 the official client reads a restored response stream as one of OpenAI itself', async () => {
  const bytes = rewritten('responses', loud('text'), [await recorded('responses', { chunks, toolCalls: calls })]);
  const running = clientOf(bytes).responses.stream({ model: 'm', input: 'x' });
  const deltas: string[] = [];
  const callDeltas: string[] = [];
  running.on('response.output_text.delta', ({ delta }) => deltas.push(delta));
  running.on('response.function_call_arguments.delta', ({ delta }) => callDeltas.push(delta));
  const response = await running.finalResponse();
  expect(response.output_text).toBe(WRITTEN);
  expect(deltas.join('')).toBe(WRITTEN);
  const written = response.output.flatMap((item) => (item.type === 'function_call' ? [item.arguments] : []));
  expect(callDeltas.join('')).toBe(written.join(''));
  const given = response.output.flatMap((item) =>
    item.type === 'function_call' ? [JSON.parse(item.arguments) as unknown] : [],
  );
  expect(given).toEqual([{ to: ORIGINAL, subject: '[MAIL_2]' }, { who: [ORIGINAL] }]);
});

test.each(['chat/completions', 'responses'] as const)(
  'D9 the official client never sees a secret that %s streams',
  async (api) => {
    const secret = ['All of SE', 'C', 'RET, but SECR', 'ET SERVICE.'];
    const bytes = rewritten(api, quiet(), [await recorded(api, { chunks: secret }, { n: 1 })]);
    const client = clientOf(bytes);
    const text =
      api === 'responses'
        ? (await client.responses.stream({ model: 'm', input: 'x' }).finalResponse()).output_text
        : await client.chat.completions.stream({ model: 'm', messages: [] }).finalContent();
    expect(text).toBe('All of [KEY], but SECRET SERVICE.');
  },
);
