import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import type { StreamingHandler } from '#edge/lambda-stream.ts';
import { startStreamingGateway } from '#test/support/streaming-gateway.ts';
import type { StreamedReply } from '#test/support/streamed-reply.ts';
import type { StreamingWorkCall } from '#test/support/streaming-entry.ts';

const MINUTE_MS = 60_000;
const CHUNK = Buffer.alloc(65_536, 'weir');

const textOf = async ({ chunks }: StreamedReply) => String((await chunks.next()).value);

/** Settles when the stream of a call closes, however it does. */
const closing = ({ stream }: StreamingWorkCall) => (stream.destroyed ? Promise.resolve() : once(stream, 'close'));

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

/** Settles when a count has not grown for so long that whoever counts must be waiting. */
async function atRest(count: () => number): Promise<number> {
  for (let seen = -1, quietTurns = 0; quietTurns < 100;) {
    quietTurns = count() === seen ? quietTurns + 1 : 0;
    seen = count();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return count();
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
    expect(await textOf(reply)).toBe(`chunk ${at}`);
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
  expect(left).toBe(14 * MINUTE_MS + 3_000);
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

test.each<[string, (call: StreamingWorkCall) => Promise<void>]>([
  ['throws', () => Promise.reject(new Error('secret reason'))],
  [
    'throws in the middle of its head',
    async ({ stream }) => {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.write('{"statusCode":');
      throw new Error('secret reason');
    },
  ],
  ['ends without a head', async ({ stream }) => void stream.end()],
  ['writes what is no HTTP reply', async ({ stream }) => void stream.end('{"statusCode":200}')],
  ['writes a head that cannot be sent', async ({ begin }) => void begin({ headers: { 'x-a': 'line\nbreak' } }).end()],
  ['leaves its stream open', async () => {}],
  ['closes its stream itself', async ({ stream }) => void stream.destroy()],
])('a function that %s before the head is a 502 that tells nothing', async (_what, work) => {
  await using talk = await startStreamingGateway(work);
  const reply = await talk.post();
  const text = await reply.text();
  expect([reply.status, JSON.parse(text)]).toMatchObject([502, { code: 'internal', error: { type: 'server_error' } }]);
  expect(text).not.toContain('secret');
});

test.each<[string, (call: StreamingWorkCall) => Promise<void>]>([
  ['throws', () => Promise.reject(new Error('secret reason'))],
  ['leaves its stream open', async () => {}],
  ['closes its stream itself', async ({ stream }) => void stream.destroy()],
])(
  'a function that %s behind the head cuts the connection: the caller cannot take it for the end',
  async (_what, work) => {
    const goOn = Promise.withResolvers<void>();
    const told: number[] = [];
    await using talk = await startStreamingGateway(
      async (call) => {
        call.begin().write('half');
        await goOn.promise;
        await work(call);
      },
      { onReply: (_request, { statusCode }) => told.push(statusCode) },
    );
    const reply = await talk.post();
    expect(await textOf(reply)).toBe('half');
    goOn.resolve();
    await expect(reply.text()).rejects.toThrow('aborted');
    await talk.gateway.stop();
    expect(told).toEqual([200]);
  },
);

test('a stream lives past the 29 s of a buffered reply', async () => {
  const goOn = Promise.withResolvers<void>();
  await using talk = await startStreamingGateway(async ({ begin }) => {
    await goOn.promise;
    begin().end('late');
  });
  const reply = talk.post();
  await talk.clock.timersSet(3); // the function's own time, the gateway's, and that in which nothing comes
  await talk.clock.advance(4 * MINUTE_MS);
  goOn.resolve();
  expect(await (await reply).text()).toBe('late');
  expect(talk.clock.pending).toBe(0);
});

test('five minutes without a byte end a stream: a 504 before the head, a cut behind it', async () => {
  await using talk = await startStreamingGateway(async (call) => {
    if ((call.event as { body: string | null }).body) call.begin().write('a');
    await closing(call);
  });
  const early = talk.post();
  await talk.clock.timersSet(3);
  await talk.clock.advance(5 * MINUTE_MS);
  expect([(await early).status, JSON.parse(await (await early).text())]).toMatchObject([
    504,
    { code: 'gateway_timeout' },
  ]);

  const late = await talk.post({ body: 'a' });
  expect(await textOf(late)).toBe('a');
  await talk.clock.advance(5 * MINUTE_MS);
  await expect(late.text()).rejects.toThrow('aborted');
});

test('bytes keep a stream open, for at most 15 minutes', async () => {
  const ticks: PromiseWithResolvers<void>[] = Array.from({ length: 3 }, () => Promise.withResolvers());
  await using talk = await startStreamingGateway(
    async (call) => {
      const body = call.begin();
      for (const tick of ticks) {
        body.write('tick');
        await tick.promise;
      }
      body.write('tick');
      await closing(call);
    },
    { timeoutMs: 20 * MINUTE_MS },
  );
  const reply = await talk.post();
  for (const tick of ticks) {
    expect(await textOf(reply)).toBe('tick');
    await talk.clock.advance(4.9 * MINUTE_MS);
    tick.resolve();
  }
  expect(await textOf(reply)).toBe('tick');
  await talk.clock.advance(0.3 * MINUTE_MS);
  await expect(reply.text()).rejects.toThrow('aborted');
});

test('a function that is still running at its own timeout is a 502 before the head, and cut behind it', async () => {
  await using talk = await startStreamingGateway(
    async ({ event, begin }) => {
      if ((event as { body: string | null }).body) begin().write('a');
      await new Promise(() => {});
    },
    { timeoutMs: 30_000 },
  );
  const early = talk.post();
  await talk.clock.timersSet(3);
  await talk.clock.advance(33_000);
  expect((await early).status).toBe(502);
  const late = await talk.post({ body: 'a' });
  expect(await textOf(late)).toBe('a');
  await talk.clock.advance(33_000);
  await expect(late.text()).rejects.toThrow('aborted');
});

test('what is refused in front of a streaming function is refused as ever, in words that OpenAI’s SDKs read too', async () => {
  let calls = 0;
  await using talk = await startStreamingGateway(async ({ begin }) => {
    calls++;
    begin().end();
  });
  const refusals = [
    await talk.post({ headers: { authorization: 'Bearer other' } }),
    await talk.post({ path: '/v1/other' }),
    await talk.post({ path: '/v1/none' }),
    await talk.post({ method: 'GET' }),
    await talk.post({ body: 'a'.repeat(4_718_593) }),
    await talk.post({ headers: { 'x-large': 'a'.repeat(10_240) } }),
  ];
  expect(refusals.map(({ status }) => status)).toEqual([401, 403, 404, 404, 413, 431]);
  for (const refusal of refusals) {
    const document = JSON.parse(await refusal.text()) as Record<string, unknown>;
    expect(refusal.headers['content-length']).toBeDefined();
    expect(document).toMatchObject({ status: refusal.status, requestId: refusal.headers['x-request-id'] });
    expect(document['error']).toEqual({
      message: document['detail'],
      type: 'invalid_request_error',
      param: null,
      code: document['code'],
    });
  }
  expect(calls).toBe(0);
});

test('a stop waits for streams under way, and for functions whose caller has left', async () => {
  const goOn = Promise.withResolvers<void>();
  const settle = Promise.withResolvers<void>();
  await using talk = await startStreamingGateway(async (call) => {
    const isLeft = (call.event as { body: string | null }).body !== null;
    const body = call.begin();
    body.write('a');
    if (isLeft) {
      await closing(call);
      await settle.promise;
      return;
    }
    await goOn.promise;
    body.end('b');
  });
  const [reply, left] = [await talk.post(), await talk.post({ body: 'left' })];
  left.leave();
  let isStopped = false;
  const stopped = talk.gateway.stop().then(() => (isStopped = true));
  await expect(talk.post()).rejects.toThrow('ECONNREFUSED');
  goOn.resolve();
  expect(await reply.text()).toBe('ab');
  await atRest(() => Number(isStopped));
  expect(isStopped).toBe(false);
  settle.resolve();
  await stopped;
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
  await textOf(reply);
  const closed = new Promise((resolve) => forever.once('close', resolve));
  reply.leave();
  await closed;
});
