import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeEach, expect, test } from 'vitest';
import type { LambdaHandler } from '#edge/entry-handler.ts';
import type { Entry } from '#infra/inventory.ts';
import { FunctionTimedOut, hostFunction } from '#infra/local/lambda-host.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { streamingEntry, type StreamingWork } from '#test/support/streaming-entry.ts';

const SPEC = { kind: 'route', timeoutMs: 10_000 };

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
});

function streaming(work: StreamingWork) {
  const entry = streamingEntry('talk', SPEC, work);
  return hostFunction(entry, entry.handler, clock);
}

function buffered(handler: LambdaHandler) {
  return hostFunction({ name: 'plain', spec: SPEC, handler } as unknown as Entry, handler, clock);
}

test('a function that gives its reply whole has no stream to write to', async () => {
  const hosted = buffered(async (event, { awsRequestId }) => ({ event, awsRequestId }));
  expect([await hosted.invoke(1, 'request-1'), 'stream' in hosted]).toEqual([
    { event: 1, awsRequestId: 'request-1' },
    false,
  ]);
});

test('invoked for a value, a streaming function gives its reply, or what its JSON says', async () => {
  const hosted = streaming(async ({ event, stream, context, begin }) => {
    if (event === 'http') begin({ statusCode: 201, headers: { a: 'b' } }).end(context.awsRequestId);
    else {
      stream.setContentType('application/json');
      stream.end(event === 'queue' ? '{"batchItemFailures":[]}' : '');
    }
  });
  expect(await hosted.invoke('http', 'request-1')).toEqual({ statusCode: 201, headers: { a: 'b' }, body: 'request-1' });
  expect(await hosted.invoke('queue')).toEqual({ batchItemFailures: [] });
  expect(await hosted.invoke('nothing')).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test.each<[string, StreamingWork]>([
  ['throws', () => Promise.reject(new RangeError('no more'))],
  ['throws behind its end', async ({ begin }) => (begin().end('{}'), Promise.reject(new Error('no more')))],
  ['leaves its stream open', async ({ begin }) => void begin().write('{}')],
  ['closes its stream before the end', async ({ begin }) => void begin().destroy()],
  ['writes half a JSON', async ({ stream }) => void stream.end('{"a":')],
  [
    'ends without a head',
    async ({ stream }) => {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.end();
    },
  ],
])('a streaming function that %s gives no value', async (_what, work) => {
  await expect(streaming(work).invoke({})).rejects.toThrow();
});

test('a function whose time is over has its stream closed, and is told how long it had', async () => {
  const left: number[] = [];
  let closed: Promise<unknown> | undefined;
  const hosted = streaming(async ({ stream, context, begin }) => {
    begin();
    left.push(context.getRemainingTimeInMillis());
    closed = once(stream, 'close');
    await new Promise(() => {});
  });
  const failed = expect(hosted.invoke({})).rejects.toThrow(FunctionTimedOut);
  await clock.advance(13_000);
  await failed;
  await closed;
  expect(left).toEqual([13_000]);
});

test('a handler finds on its stream what Lambda’s runtime has there, and no more', async () => {
  const seen: unknown[] = [];
  const hosted = streaming(async ({ stream, begin }) => {
    seen.push(['closed', 'errored', 'pipe', 'writableAborted', '_writableState'].filter((name) => name in stream));
    seen.push(stream.destroyed, stream.writableEnded);
    await pipeline(Readable.from(['a', 'b']), begin());
    seen.push(stream.writableFinished);
  });
  expect(await hosted.invoke({})).toMatchObject({ body: 'ab' });
  expect(seen).toEqual([[], false, false, true]);
});

test('a head goes out with the first write, as on Lambda: a stream that only ends has none', async () => {
  const { awslambda } = globalThis as unknown as {
    awslambda: {
      HttpResponseStream: { from(to: unknown, head: object): { end(text?: string): void; write(text: string): void } };
    };
  };
  const written = streaming(async ({ stream }) => {
    const body = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: {} });
    body.write('a');
    body.write('b');
    body.end('c');
  });
  expect(await written.invoke({})).toEqual({ statusCode: 200, headers: {}, body: 'abc' });
  const ended = streaming(async ({ stream }) =>
    awslambda.HttpResponseStream.from(stream, { statusCode: 200 }).end('c'),
  );
  await expect(ended.invoke({})).rejects.toThrow('ended before its head');
});
