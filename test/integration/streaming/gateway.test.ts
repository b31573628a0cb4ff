import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import type { StreamingHandler } from '#edge/lambda-stream.ts';
import type { StreamingWorkCall } from '#test/support/streaming-entry.ts';
import { atRest, closing, nextText, startStreamingGateway } from '#test/support/streaming-gateway.ts';

const CHUNK = Buffer.alloc(65_536, 'weir');

/** Writes so many chunks, no faster than they are taken. */
async function pour({ begin }: StreamingWorkCall, chunks: number, onChunk = () => {}): Promise<void> {
  const source = Readable.from(
    (function* () {
      for (let at = 0; at < chunks; at++) {
        onChunk();
        yield CHUNK;
      }
    })(),
    { objectMode: false },
  );
  await pipeline(source, begin());
}

test('the head arrives before the body, and each chunk before the next is written', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using talk = await startStreamingGateway(async ({ begin }) => {
    const body = begin({ statusCode: 203, headers: { 'content-type': 'text/event-stream', 'content-length': '3' } });
    for (const [at, gate] of gates.entries()) {
      await gate.promise;
      body.write(`chunk ${at}`);
    }
    body.end();
  });
  const reply = await talk.post();
  expect([reply.status, reply.headers['content-type']]).toEqual([203, 'text/event-stream']);
  expect([reply.headers['content-length'], reply.headers['transfer-encoding']]).toEqual([undefined, 'chunked']);
  for (const [at, gate] of gates.entries()) {
    gate.resolve();
    expect(await nextText(reply)).toBe(`chunk ${at}`);
  }
  expect(await reply.text()).toBe('');
});

test('a streaming function is given the event that a buffered one gets', async () => {
  await using talk = await startStreamingGateway(async ({ event, context, begin }) => {
    begin().end(JSON.stringify({ event, left: context.getRemainingTimeInMillis(), id: context.awsRequestId }));
  });
  const reply = await talk.post({ path: '/v1/talk?a=b', body: '{}' });
  const { event, left, id } = JSON.parse(await reply.text()) as Record<string, Record<string, unknown>>;
  expect(event).toMatchObject({
    httpMethod: 'POST',
    path: '/v1/talk',
    queryStringParameters: { a: 'b' },
    body: Buffer.from('{}').toString('base64'),
    requestContext: { requestId: id, authorizer: { callerId: 'ada' } },
  });
  expect(left).toBe(14 * 60_000 + 3_000);
});

test('a plain reply of a streaming function bears the headers of an endpoint, and is told of at its end', async () => {
  const told: unknown[] = [];
  const goOn = Promise.withResolvers<void>();
  await using talk = await startStreamingGateway(
    async ({ begin }) => {
      begin({ statusCode: 201, headers: { 'x-weir-cost-usd': '0.1' } }).end('{}');
      await goOn.promise;
    },
    {
      endpointHeaders: { 'x-weir-upstream': 'simulated' },
      onReply: (...all) => told.push(all),
    },
  );
  const reply = await talk.post();
  expect([reply.headers['x-weir-upstream'], await reply.text(), told]).toEqual(['simulated', '{}', []]);
  await talk.clock.advance(70);
  goOn.resolve();
  await talk.gateway.stop();
  const headers = { 'x-weir-cost-usd': '0.1', 'x-weir-upstream': 'simulated' };
  expect(told).toEqual([[{ method: 'POST', path: '/v1/talk' }, { statusCode: 201, headers }, 70]]);
});

test('S7 12 MB streamed pass, byte for byte', async () => {
  await using talk = await startStreamingGateway((call) => pour(call, 192));
  const reply = await talk.post();
  const bytes = Buffer.concat(await Array.fromAsync(reply.chunks));
  expect(bytes.byteLength).toBe(12 * 1024 * 1024);
  expect(bytes.equals(Buffer.alloc(bytes.byteLength, 'weir'))).toBe(true);
});

test('a reader who does not read holds the function back, and gets everything when it does', async () => {
  let written = 0;
  const total = 1_024;
  await using talk = await startStreamingGateway((call) => pour(call, total, () => written++));
  const reply = await talk.post();
  // What the sockets of this machine take, and no more: 64 MB are asked for.
  expect(await atRest(() => written)).toBeLessThan(total / 2);
  let bytes = 0;
  for await (const chunk of reply.chunks) bytes += chunk.byteLength;
  expect([written, bytes]).toEqual([total, total * CHUNK.byteLength]);
});

test.each<[string, (call: StreamingWorkCall) => Promise<void>]>([
  ['before the head', async () => {}],
  ['behind the head', async ({ begin }) => void begin()],
  ['in mid-stream', async ({ begin }) => void begin().write('a')],
])('S5 a caller who leaves %s closes the function’s stream', async (_when, beginning) => {
  const begun = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<boolean>();
  await using talk = await startStreamingGateway(async (call) => {
    await beginning(call);
    begun.resolve();
    await closing(call);
    heard.resolve(call.stream.writableFinished);
  });
  const leaving = new AbortController();
  const reply = talk.post({ signal: leaving.signal }).catch(() => undefined);
  await begun.promise;
  leaving.abort();
  expect(await heard.promise).toBe(false);
  (await reply)?.leave();
});

test('S5 a caller who leaves while the function is held back closes its stream', async () => {
  let written = 0;
  const ended = Promise.withResolvers<unknown>();
  await using talk = await startStreamingGateway((call) =>
    pour(call, 4_096, () => written++).catch((error: unknown) => ended.resolve(error)),
  );
  const reply = await talk.post();
  await atRest(() => written);
  reply.leave();
  expect(await ended.promise).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(written).toBeLessThan(4_096);
});

test('of a caller who left before the head it is told that nobody got a reply', async () => {
  const told: number[] = [];
  const begun = Promise.withResolvers<void>();
  await using talk = await startStreamingGateway(
    async (call) => {
      begun.resolve();
      await closing(call);
    },
    { onReply: (_request, { statusCode }) => told.push(statusCode) },
  );
  const leaving = new AbortController();
  const reply = talk.post({ signal: leaving.signal });
  await begun.promise;
  leaving.abort();
  await expect(reply).rejects.toThrow('abort');
  await talk.gateway.stop();
  expect(told).toEqual([499]);
});

test('what Middy’s streaming mode sends arrives: a stream, a text, nothing, and nobody reads on', async () => {
  const bodies: (string | Readable)[] = [Readable.from(['a', 'b']), 'größer'.repeat(10_000), ''];
  const chain = middy({ executionMode: executionModeStreamifyResponse }).handler(async () => ({
    statusCode: 200,
    headers: { 'x-a': 'b' },
    body: bodies.shift() as string,
  })) as unknown as StreamingHandler;
  await using talk = await startStreamingGateway(({ event, stream, context }) => chain(event, stream, context));
  for (const expected of ['ab', 'größer'.repeat(10_000), '']) {
    const reply = await talk.post();
    expect([reply.status, reply.headers['x-a'], await reply.text()]).toEqual([200, 'b', expected]);
  }

  const forever = Readable.from(
    (async function* () {
      for (;;) yield await new Promise<string>((resolve) => setImmediate(() => resolve('more')));
    })(),
  );
  bodies.push(forever);
  const reply = await talk.post();
  await nextText(reply);
  const closed = new Promise((resolve) => forever.once('close', resolve));
  reply.leave();
  await closed;
});
