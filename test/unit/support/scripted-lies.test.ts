import { afterEach, beforeEach, expect, test } from 'vitest';
import { Gate } from '#test/support/scripted-gate.ts';
import { overlongLength, plainReply } from '#test/support/scripted-lies.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';

const model = 'gpt-6-luna';
const prices = { [model]: { input: 3n, cachedInput: 1n, output: 20n } };
const paths = ['responses', 'chat/completions'] as const;
const terminal = { responses: 'event: response.completed', 'chat/completions': 'data: [DONE]' };

let upstream: ScriptedUpstream;

beforeEach(async () => {
  upstream = await startScriptedUpstream({ prices });
});

afterEach(() => upstream.stop());

function post(path: string, more: object = {}, signal?: AbortSignal) {
  const body = JSON.stringify({ model, stream: true, stream_options: { include_usage: true }, ...more });
  return fetch(`${upstream.baseUrl}/${path}`, { method: 'POST', body, ...(signal && { signal }) });
}

/** Reads until the text has come, and no further. */
async function readUntil(response: Response, awaited: string): Promise<string> {
  let text = '';
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (text.includes(awaited)) return text;
  }
  throw new Error(`the stream ended without ${awaited}`);
}

test.each(paths)('/%s can be held open after its terminal event, and counts as delivered', async (path) => {
  upstream.script(stream({ end: 'held' }));
  const abort = new AbortController();
  await readUntil(await post(path, {}, abort.signal), terminal[path]);
  const request = await upstream.received();
  expect(request.clientLeftAtMs).toBeUndefined();
  abort.abort();
  expect(await request.ending).toBe('client left');
  expect(upstream.bill.lines).toMatchObject([{ delivered: true, outputTokens: 4 }]);
});

test.each(paths)('/%s can go on after its terminal event', async (path) => {
  upstream.script(stream({ end: 'afterthought' }));
  const text = await (await post(path)).text();
  const [before, after] = text.split(terminal[path]);
  expect(before).not.toContain('afterthought');
  expect(after).toContain('An afterthought.');
});

test('Responses can close with another text than that of the deltas', async () => {
  upstream.script(stream({ chunks: ['What was ', 'streamed.'], terminalText: 'Something else.' }));
  const text = await (await post('responses')).text();
  const completed = JSON.parse(/event: response\.completed\ndata: (.*)/u.exec(text)?.[1] ?? '') as unknown;
  expect(text).toContain('"delta":"streamed."');
  expect(completed).toMatchObject({ response: { output: [{ content: [{ text: 'Something else.' }] }] } });
});

test('a reply can be shorter than its content-length, and be held or closed', async () => {
  upstream.script(overlongLength({ text: 'Hello.' }), overlongLength({ closes: true }));
  const abort = new AbortController();
  const held = await post('responses', { stream: false }, abort.signal);
  const text = await readUntil(held, '}}');
  expect(Number(held.headers.get('content-length'))).toBe(Buffer.byteLength(text) + 10);
  expect(text).toContain('Hello.');
  abort.abort();
  expect(await upstream.requests[0]?.ending).toBe('client left');
  await expect((await post('responses', { stream: false })).text()).rejects.toThrow('terminated');
  expect(upstream.bill.lines.map(({ delivered }) => delivered)).toEqual([false, false]);
});

test.each(paths)('/%s: JSON comes to whom a stream was due, and a stream to whom JSON was', async (path) => {
  upstream.script(plainReply({ text: 'Hello.' }), stream());
  const [json, sse] = [await post(path), await post(path, { stream: false })];
  expect([json, sse].map(({ headers }) => headers.get('content-type'))).toEqual([
    'application/json',
    'text/event-stream; charset=utf-8',
  ]);
  expect(await json.json()).toMatchObject({ model });
  expect(await sse.text()).toContain(terminal[path]);
});

/** The event stands there whole. */
const inProgress = /event: response\.in_progress\ndata: .*\n\n/u;

function fail(): never {
  throw new Error('the stream ended too soon');
}

test.each(paths)('/%s: a model that thinks shows nothing of its output until the gate opens', async (path) => {
  const gate = new Gate();
  upstream.script(stream({ thinking: gate, chunks: ['At last.'] }));
  const response = await post(path);
  await gate.reached();
  const pieces = response.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = '';
  if (path === 'responses') while (!inProgress.test(text)) text += (await pieces.next()).value ?? fail();
  expect(text).not.toContain('output_item');
  expect(upstream.bill.lines).toMatchObject([{ outputTokens: 0 }]);
  gate.open();
  for await (const piece of { [Symbol.asyncIterator]: () => pieces }) text += piece;
  expect(text).toContain('At last.');
  expect(upstream.bill.lines).toMatchObject([{ outputTokens: 2 }]);
});

test('a client that leaves a thinking model ends the exchange', async () => {
  const gate = new Gate();
  upstream.script(stream({ thinking: gate }));
  const abort = new AbortController();
  await post('responses', {}, abort.signal);
  await gate.reached();
  abort.abort();
  expect(await (await upstream.received()).ending).toBe('client left');
});

test.each(paths)('/%s: noise is in every object of a reply and of each event, and in no text', async (path) => {
  upstream.otherwise(answer({ text: 'Hello.', noise: true, toolCalls: [{ name: 'f', arguments: {} }] }));
  const plain = await (await post(path, { stream: false })).text();
  const events = (await (await post(path)).text()).split('\n').filter((line) => line.startsWith('data: {'));
  expect(events.length).toBeGreaterThan(5);
  for (const json of [plain, ...events.map((line) => line.slice('data: '.length))]) {
    const objects = json.match(/\{/gu)?.length ?? 0;
    // Each object has its own mark, which is itself an object with another one in it; the call's arguments are a text.
    const marks = json.match(/"x_future":\{"id":12345678901234567890,"ratio":1\.10,"word":"\\u0077eir\\\/\\u20ac"/gu);
    const argumentTexts = json.match(/"\{\}"/gu)?.length ?? 0;
    expect(marks?.length).toBe((objects - argumentTexts) / 3);
  }
});

test('deltas are padded as OpenAI pads them, unless the request forbids it', async () => {
  upstream.otherwise(answer({ text: 'one two three four', obfuscation: true }));
  for (const path of paths) {
    const padded = await (await post(path)).text();
    const plain = await (await post(path, { stream_options: { include_obfuscation: false } })).text();
    const paddings = [...padded.matchAll(/"obfuscation":"([\w-]*)"/gu)].map(([, padding]) => padding?.length);
    expect(paddings.length).toBeGreaterThanOrEqual(4);
    expect(new Set(paddings).size).toBeGreaterThan(1);
    expect(plain).not.toContain('obfuscation');
  }
});
