import * as fc from 'fast-check';
import { PassThrough, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { PRELUDE_CONTENT_TYPE, PreludeReader, type ReplyHead } from '#infra/local/prelude.ts';
import { HostResponseStream } from '#infra/local/response-stream.ts';

const HEAD: ReplyHead = { statusCode: 201, headers: { 'content-type': 'text/plain', 'x-word': 'Größe' } };
const NULS = Buffer.alloc(8);
const wire = (body: Buffer | string, head: object = HEAD) =>
  Buffer.concat([Buffer.from(JSON.stringify(head)), NULS, Buffer.from(body)]);

/** Writes chunks to a stream whose body is collected. */
async function written(chunks: readonly (Buffer | string)[], contentType = PRELUDE_CONTENT_TYPE) {
  let head: ReplyHead | undefined | 'none' = 'none';
  const body = new PassThrough();
  const stream = new HostResponseStream((given) => {
    head = given;
    return body;
  });
  const bytes = buffer(body);
  stream.setContentType(contentType);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  return { head, body: await bytes };
}

test('head and body are told apart wherever the writes cut them', async () => {
  const bytes = wire('a body, größer');
  for (let at = 0; at <= bytes.byteLength; at++) {
    const reply = await written([bytes.subarray(0, at), bytes.subarray(at)]);
    expect([reply.head, reply.body.toString()], `cut at ${at}`).toEqual([HEAD, 'a body, größer']);
  }
});

test('head and body are told apart in writes of any sizes, whatever bytes the body is of', async () => {
  const zeros = fc.constantFrom(0, 0, 0, 1, 255);
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(zeros),
      fc.array(fc.nat(30)),
      async (tail, nuls, cuts) => {
        const body = Buffer.concat([Buffer.from(nuls), tail]);
        const bytes = wire(body);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of cuts) chunks.push(bytes.subarray(at, (at += size)));
        const reply = await written([...chunks, bytes.subarray(at)]);
        expect(reply.head).toEqual(HEAD);
        expect(reply.body.equals(body)).toBe(true);
      },
    ),
    { seed: 4 },
  );
});

test('a body that begins with NULs keeps them all', async () => {
  const { body } = await written([wire(Buffer.alloc(20))]);
  expect(body).toEqual(Buffer.alloc(20));
});

test('a reply without a body has its head', async () => {
  expect(await written([wire('')])).toEqual({ head: HEAD, body: Buffer.alloc(0) });
});

test('what is no HTTP reply has no head, and all of it is body', async () => {
  const reply = await written(['{"batch', 'ItemFailures":[]}'], 'application/json');
  expect([reply.head, reply.body.toString()]).toEqual([undefined, '{"batchItemFailures":[]}']);
  const empty = await written([], 'application/json');
  expect([empty.head, empty.body.toString()]).toEqual([undefined, '']);
});

test.each<[string, readonly (Buffer | string)[], RegExp]>([
  ['that ends within its head', ['{"statusCode":200'], /ended before its head/],
  ['that ends within the delimiter', [wire('').subarray(0, -1)], /ended before its head/],
  ['without anything in it', [], /ended before its head/],
  [
    'with fewer than eight NULs',
    [Buffer.concat([Buffer.from('{}'), NULS.subarray(1), Buffer.from('body')])],
    /eight NUL/,
  ],
  ['whose head is no JSON', [Buffer.concat([Buffer.from('{status'), NULS])], /JSON/],
  ['whose head does not end', ['x'.repeat(16_385)], /within 16384 bytes/],
  ['whose head is too large', [wire('', { headers: { a: 'x'.repeat(16_384) } })], /within 16384 bytes/],
])('a reply %s is refused', async (_what, chunks, reason) => {
  await expect(written(chunks)).rejects.toThrow(reason);
});

test('a head may end at API Gateway’s last byte', () => {
  const fill = 16_384 - wire('', { headers: { a: '' } }).byteLength;
  const largest = wire('', { headers: { a: 'x'.repeat(fill) } });
  expect(new PreludeReader().take(largest)?.head.headers['a']).toHaveLength(fill);
});

test('the content type can be set until the first write, as on Lambda', () => {
  const stream = new HostResponseStream(() => new PassThrough());
  stream.setContentType('text/plain');
  stream.setContentType(PRELUDE_CONTENT_TYPE);
  stream.write('{');
  expect(() => stream.setContentType('text/plain')).toThrow('before the first write');
});

/** A body that takes a chunk when the test lets it. */
function slowBody() {
  const taken: string[] = [];
  const gates: (() => void)[] = [];
  const body = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString());
      gates.push(done);
    },
  });
  return { taken, gates, body };
}

test('what the body does not take is held back, and a writer hears of it', async () => {
  const { taken, gates, body } = slowBody();
  const stream = new HostResponseStream(() => body);
  for (const chunk of ['a', 'b', 'c']) stream.write(chunk);
  expect([taken, stream.writableLength]).toEqual([['a'], 3]);
  const full = stream.write('x'.repeat(stream.writableHighWaterMark));
  expect(full).toBe(false);
  let isDrained = false;
  stream.once('drain', () => (isDrained = true));
  for (let at = 0; at < 3; at++) {
    gates.shift()!();
    await new Promise(setImmediate);
    expect(isDrained).toBe(false);
  }
  expect(taken.slice(0, 3)).toEqual(['a', 'b', 'c']);
  gates.shift()!();
  await new Promise(setImmediate);
  expect(isDrained).toBe(true);
  stream.destroy();
});

test('a body that closes closes the stream, also while it is full; and the other way round', async () => {
  const full = slowBody();
  const stream = new HostResponseStream(() => full.body);
  stream.write('a');
  stream.write('b');
  const closed = new Promise((resolve) => stream.once('close', resolve));
  full.body.destroy();
  await closed;
  expect(stream.errored).toBeNull();

  const open = slowBody();
  const other = new HostResponseStream(() => open.body);
  other.write('a');
  other.destroy();
  expect(open.body.destroyed).toBe(true);
});

test('the end of the stream is the end of the body, and no sooner', async () => {
  const { gates, body } = slowBody();
  const stream = new HostResponseStream(() => body);
  let isFinished = false;
  stream.once('finish', () => (isFinished = true));
  stream.write('a');
  stream.end();
  await new Promise(setImmediate);
  expect(isFinished).toBe(false);
  gates.shift()!();
  await finished(stream);
  expect([isFinished, body.writableFinished, body.destroyed && !body.writableFinished]).toEqual([true, true, false]);
});
