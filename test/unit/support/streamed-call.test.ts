import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Platform } from '#platform/platform.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { parseServerSentEvents, type ServerSentEvent } from '#test/support/server-sent-events.ts';
import { streamingEntry, type StreamingWork } from '#test/support/streaming-entry.ts';
import { WeirEnvironment } from '#test/support/weir-environment.ts';

function environment(work: StreamingWork) {
  const entry = streamingEntry('talk', { kind: 'endpoint', method: 'POST' }, work);
  return new WeirEnvironment([entry], { clock: new FakeClock() } as unknown as Platform);
}

test('a streaming entry is posted to and fed from its queue like any other', async () => {
  const weir = environment(async ({ event, stream, begin }) => {
    if ('Records' in (event as object)) {
      stream.setContentType('application/json');
      stream.end(JSON.stringify({ batchItemFailures: [] }));
    } else begin({ statusCode: 202, headers: { 'x-a': 'b' } }).end('{"said":"größer"}');
  });
  const reply = await weir.post('talk', { text: 'a' });
  expect(reply).toEqual({ status: 202, headers: { 'x-a': 'b' }, body: { said: 'größer' }, raw: '{"said":"größer"}' });
  expect((await weir.sqs('talk', [{ text: 'a' }])).failed).toEqual([]);
});

test('events come as they are written, and the handler goes on when they are read', async () => {
  const gate = Promise.withResolvers<void>();
  const weir = environment(async ({ begin }) => {
    const body = begin({ headers: { 'content-type': 'text/event-stream' } });
    body.write(': first\n\nevent: delta\ndata: {"a":1}\n\n');
    await gate.promise;
    body.end('data: [DONE]\n\n: the end\n\n');
  });
  const reply = await weir.stream('talk', {});
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/event-stream']);
  const seen: ServerSentEvent[] = [];
  for await (const event of reply.events) {
    seen.push(event);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual([
    { data: '', comment: 'first' },
    { event: 'delta', data: '{"a":1}' },
  ]);
  gate.resolve();
  for await (const event of reply.events) seen.push(event);
  expect(seen.slice(2)).toEqual([{ data: '[DONE]' }, { data: '', comment: 'the end' }]);
  expect(await reply.settled).toBeUndefined();
});

test('who leaves is heard of by the handler, behind the head and before it', async () => {
  const heard: string[] = [];
  const weir = environment(async ({ event, stream, begin }) => {
    const { body } = event as { body: string };
    if (body === '"late"') begin().write('a');
    await once(stream, 'close');
    heard.push(body);
    throw new Error('left');
  });
  const reply = await weir.stream('talk', 'late');
  reply.leave();
  expect((await reply.settled)?.message).toBe('left');

  const leaving = new AbortController();
  const early = weir.stream('talk', 'early', { signal: leaving.signal });
  leaving.abort();
  await expect(early).rejects.toThrow('left');
  await expect(weir.stream('talk', 'gone', { signal: leaving.signal })).rejects.toThrow('left');
  expect(heard).toEqual(['"late"', '"early"', '"gone"']);
});

test('a handler that fails shows: before the head as a throw, behind it as a body that is cut', async () => {
  const weir = environment(async ({ event, begin }) => {
    if ((event as { body: string }).body === '"late"') begin().write('half');
    throw new RangeError('no more');
  });
  await expect(weir.stream('talk', 'early')).rejects.toThrow('no more');
  await expect(weir.post('talk', 'late')).rejects.toThrow('no more');
  const reply = await weir.stream('talk', 'late');
  await expect(reply.text()).rejects.toThrow();
  expect(await reply.settled).toBeInstanceOf(RangeError);
});

test('a handler that leaves its stream open is a failure, for Lambda would wait for it', async () => {
  const weir = environment(async ({ begin }) => void begin().write('half'));
  await expect(weir.post('talk', {})).rejects.toThrow('the handler has ended, but not its stream');
});

test('events are parsed wherever they are cut, and by whatever line ends', async () => {
  const text = 'id: 7\r\nevent: größe\r\ndata: one\rdata:two\n\n\n:note\ndata\n\nevent: none\n\ndata: unfinished\n';
  const bytes = Buffer.from(text);
  for (let at = 0; at <= bytes.byteLength; at++) {
    const cut = (async function* () {
      yield bytes.subarray(0, at);
      yield bytes.subarray(at);
    })();
    expect(await Array.fromAsync(parseServerSentEvents(cut)), `cut at ${at}`).toEqual([
      { event: 'größe', data: 'one\ntwo', id: '7' },
      { data: '', comment: 'note' },
      { data: '' },
    ]);
  }
});
