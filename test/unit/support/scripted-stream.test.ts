import OpenAI from 'openai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer, failedResponse, incomplete, refusal } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';

const model = 'gpt-6-luna';
const prices = { [model]: { input: 3n, cachedInput: 1n, output: 20n } };

let upstream: ScriptedUpstream;
let client: OpenAI;

beforeEach(async () => {
  upstream = await startScriptedUpstream({ prices });
  client = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'any', maxRetries: 0, logLevel: 'off' });
});

afterEach(() => upstream.stop());

async function responseEvents() {
  return Array.fromAsync(await client.responses.create({ model, input: 'Say hello.', stream: true }));
}

async function chatChunks(includeUsage: boolean) {
  const asked = includeUsage ? { stream_options: { include_usage: true } } : {};
  const messages = [{ role: 'user' as const, content: 'Say hello.' }];
  return Array.fromAsync(await client.chat.completions.create({ model, messages, stream: true, ...asked }));
}

/** The body as it is on the wire, so far as it came, and whether it came to its end in good order. */
async function rawStream(path: 'responses' | 'chat/completions') {
  const body = JSON.stringify({ model, stream: true });
  const response = await fetch(`${upstream.baseUrl}/${path}`, { method: 'POST', body });
  const decoder = new TextDecoder();
  let text = '';
  const pieces: number[] = [];
  try {
    for await (const piece of response.body ?? []) {
      pieces.push(piece.length);
      text += decoder.decode(piece, { stream: true });
    }
    return { text, pieces, ended: true };
  } catch {
    return { text, pieces, ended: false };
  }
}

test('an answer is streamed, with the events of the Responses API in their order', async () => {
  upstream.script(answer({ text: 'Hello big world.' }));
  const events = await responseEvents();
  expect(events.map(({ type }) => type)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.delta',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ]);
  expect(events.map((event) => event.sequence_number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const output = [{ type: 'message', content: [{ type: 'output_text', text: 'Hello big world.' }] }];
  expect(events.at(-1)).toMatchObject({ response: { output, usage: { input_tokens: 3, output_tokens: 4 } } });
  expect(upstream.bill.lines).toMatchObject([{ inputTokens: 3, outputTokens: 4, pico: 89n, delivered: true }]);
});

test("the SDK's own accumulator makes the same response of the events", async () => {
  upstream.script(answer({ text: 'Hello world.' }));
  const final = await client.responses.stream({ model, input: 'hi' }).finalResponse();
  expect(final).toMatchObject({ output_text: 'Hello world.', status: 'completed' });
});

test('refusals, incomplete and failed responses are streamed as such', async () => {
  upstream.script(refusal('No.'), incomplete({ reason: 'max_output_tokens' }), failedResponse());
  const [refused, cut, failed] = [await responseEvents(), await responseEvents(), await responseEvents()];
  expect(refused.map(({ type }) => type)).toContain('response.refusal.delta');
  expect(cut.at(-1)).toMatchObject({ type: 'response.incomplete', response: { status: 'incomplete' } });
  expect(failed.at(-1)).toMatchObject({ type: 'response.failed', response: { error: { code: 'server_error' } } });
});

test('a chat stream reports usage in a last chunk without choices, where it was asked to', async () => {
  upstream.otherwise(answer({ text: 'Hello world.' }));
  const [silent, reporting] = [await chatChunks(false), await chatChunks(true)];
  const textOf = (chunks: typeof silent) => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
  expect([textOf(silent), textOf(reporting)]).toEqual(['Hello world.', 'Hello world.']);
  expect(silent.some((chunk) => 'usage' in chunk)).toBe(false);
  expect(reporting.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 3 } });
  expect(reporting.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  expect(upstream.bill.lines.map(({ delivered }) => delivered)).toEqual([false, true]);
});

test('scripted chunks are an event each, with scripted usage', async () => {
  upstream.script(
    stream({ chunks: ['a', 'b'], usage: { inputTokens: 1000, outputTokens: 500, reasoningTokens: 400 } }),
  );
  const events = await responseEvents();
  expect(events.flatMap((event) => (event.type === 'response.output_text.delta' ? event.delta : []))).toEqual([
    'a',
    'b',
  ]);
  expect(events.at(-1)).toMatchObject({ response: { usage: { output_tokens_details: { reasoning_tokens: 400 } } } });
  expect(upstream.bill.totalPico).toBe(1000n * 3n + 500n * 20n);
});

test('S2 events can be cut into single bytes, through characters, and still say the same', async () => {
  upstream.otherwise(stream({ chunks: ['zwölf €', ' 豆腐 🙂'], chunkBytes: 1 }));
  const { text, pieces } = await rawStream('responses');
  expect(text).toContain('zwölf € 豆腐 🙂');
  expect(Math.max(...pieces)).toBeLessThan(50);
  const events = await responseEvents();
  expect(events.at(-1)).toMatchObject({ response: { output: [{ content: [{ text: 'zwölf € 豆腐 🙂' }] }] } });
});

test.each(['responses', 'chat/completions'] as const)(
  'S3 a stream of /%s ends in each of the bad ways',
  async (path) => {
    upstream.script(stream({ end: 'cut' }), stream({ end: 'no-terminal' }), stream({ end: 'error-event' }), stream());
    const cut = await rawStream(path);
    const noTerminal = await rawStream(path);
    const errorEvent = await rawStream(path);
    const complete = await rawStream(path);
    const terminal = path === 'responses' ? 'event: response.completed' : 'data: [DONE]';
    expect([cut, noTerminal, errorEvent, complete].map(({ ended }) => ended)).toEqual([false, true, true, true]);
    for (const { text } of [cut, noTerminal, errorEvent]) {
      expect(text).toContain('Scripted ');
      expect(text).not.toContain(terminal);
    }
    expect(errorEvent.text).toMatch(
      path === 'responses' ? /event: error\ndata: \{"type":"error"/u : /data: \{"error":\{/u,
    );
    expect(complete.text).toContain(terminal);
    expect(upstream.bill.lines.map(({ outputTokens }) => outputTokens)).toEqual([4, 4, 4, 4]);
  },
);

test('S4 a stalled stream is held until the client leaves, whatever comments it sends meanwhile', async () => {
  upstream.script(stream({ chunks: ['so far'], end: 'stall', commentEveryMs: 1 }));
  const abort = new AbortController();
  const body = JSON.stringify({ model, stream: true });
  const response = await fetch(`${upstream.baseUrl}/responses`, { method: 'POST', body, signal: abort.signal });
  let text = '';
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.split(': keep-alive\n\n').length > 3) break;
  }
  abort.abort();
  const request = await upstream.received();
  expect(await request.ending).toBe('client left');
  expect(text).toContain('so far');
  expect(upstream.bill.lines).toMatchObject([{ outputTokens: 2, delivered: false }]);
});

test('the test decides when each chunk is sent, and the bill grows with them', async () => {
  const gate = new Gate();
  async function* chunks() {
    yield 'abcd';
    await gate.pass();
    yield 'efgh';
  }
  upstream.script(stream({ chunks: chunks() }));
  const events = (await client.responses.create({ model, input: 'hi', stream: true }))[Symbol.asyncIterator]();
  let event = await events.next();
  while (event.value?.type !== 'response.output_text.delta') event = await events.next();
  await gate.reached();
  expect(upstream.bill.lines).toMatchObject([{ outputTokens: 1 }]);
  gate.open();
  while (!event.done) event = await events.next();
  expect(upstream.bill.lines).toMatchObject([{ outputTokens: 2, delivered: true }]);
});

test('a client that leaves in mid-stream stops it, and is billed what was made until then', async () => {
  const gate = new Gate();
  async function* chunks() {
    yield 'abcd';
    await gate.pass();
    yield 'never made';
  }
  upstream.script(stream({ chunks: chunks() }));
  const events = await client.responses.create({ model, input: 'hi', stream: true });
  for await (const { type } of events) if (type === 'response.output_text.delta') break;
  const request = await upstream.received();
  expect(await request.ending).toBe('client left');
  gate.open();
  await upstream.stop();
  expect(upstream.bill.lines).toMatchObject([{ outputTokens: 1, delivered: false }]);
  upstream = await startScriptedUpstream();
});
