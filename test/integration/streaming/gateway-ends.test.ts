import { createConnection } from 'node:net';
import { expect, test } from 'vitest';
import type { StreamingWorkCall } from '#test/support/streaming-entry.ts';
import { atRest, closing, nextText, startStreamingGateway } from '#test/support/streaming-gateway.ts';

const MINUTE_MS = 60_000;

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
    expect(await nextText(reply)).toBe('half');
    goOn.resolve();
    await expect(reply.text()).rejects.toThrow('aborted');
    await talk.gateway.stop();
    expect(told).toEqual([200]);
  },
);

test('nonsense behind a request cuts the stream that answers it, and puts nothing into it', async () => {
  await using talk = await startStreamingGateway(async (call) => {
    call.begin().write('half');
    await closing(call);
  });
  const socket = createConnection(Number(new URL(talk.gateway.url).port), '127.0.0.1');
  socket.write('POST /v1/talk HTTP/1.1\r\nhost: a\r\nauthorization: Bearer key\r\ncontent-length: 2\r\n\r\n{}');
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes('half')) socket.write('NONSENSE\r\n\r\n');
  }
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*half\r\n$/);
});

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
  expect(await nextText(late)).toBe('a');
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
    expect(await nextText(reply)).toBe('tick');
    await talk.clock.advance(4.9 * MINUTE_MS);
    tick.resolve();
  }
  expect(await nextText(reply)).toBe('tick');
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
  expect(await nextText(late)).toBe('a');
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
