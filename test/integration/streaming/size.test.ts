import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { startLocalGateway } from '#test/support/local-gateway.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { seededRandom } from '#test/support/seeded-random.ts';
import { startWeir } from '#test/support/weir.ts';
import { Pouring } from './pouring.ts';
import { CHAT } from './ways.ts';

const MB = 1024 * 1024;
const KEPT = { 'x-weir-cache': '1h' };

test('S7 12 MB of an answer pass the gateway, every byte of them', async () => {
  await using gateway = await startLocalGateway();
  const pouring = new Pouring({ chunks: 192, chunkBytes: 65_536 });
  gateway.upstream.script(pouring.step);
  const reply = await gateway.stream({ path: CHAT.path, body: { ...CHAT.body, stream: true } });
  const text = await reply.text();
  const numbers = [...text.matchAll(/"content":"(\d+) weir/g)].map(([, number]) => Number(number));
  expect(numbers).toEqual(Array.from({ length: 192 }, (_, at) => at));
  expect(text.length).toBeGreaterThan(12 * MB);
  // The chunk with the usage was asked for by Weir alone.
  expect(text).not.toContain('usage');
  expect(text).toMatch(
    /data: \[DONE\]\n\n: weir \{"callId":"\w+","costUsd":"[\d.]+","basis":"exact","cache":"bypass"\}\n\n$/,
  );
});

test('S7 of 128 MB that a slow caller reads little is ever in memory', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const pouring = new Pouring({ chunks: 2_048, chunkBytes: 65_536 });
  upstream.script(pouring.step);
  const reply = await weir.stream(CHAT.entry, { ...CHAT.body, stream: true });
  const before = bytesInUse();
  let most = 0;
  let bytes = 0;
  for (let next = 0; bytes < 128 * MB; next++) {
    const { value, done } = await reply.chunks.next();
    if (done) throw new Error('the stream ended too early');
    bytes += value.length;
    if (next % 256 !== 0) continue;
    await pouring.atRest();
    most = Math.max(most, bytesInUse() - before);
  }
  await reply.text();
  expect(pouring.sent).toBe(2_048);
  // Sockets and pipes hold some; of a stream that is not held back it would be nearly all.
  expect(most).toBeLessThan(64 * MB);
});

test('S7 a stream too large for the cache is given all the same, and not stored', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  // Half a megabyte that does not compress.
  const random = seededRandom(7);
  const noise = Buffer.from(Uint8Array.from({ length: 500_000 }, () => Math.floor(random() * 256))).toString('base64');
  const chunk = { id: 'chatcmpl-1', model: 'gpt-6-luna', choices: [{ index: 0, delta: { content: noise } }] };
  const last = { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: USAGE };
  const body = `${[chunk, last].map((data) => `data: ${JSON.stringify(data)}\n\n`).join('')}data: [DONE]\n\n`;
  upstream.otherwise(({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(body);
  });
  for (let call = 0; call < 2; call++) {
    const reply = await weir.stream(CHAT.entry, { ...CHAT.body, stream: true }, { headers: KEPT });
    expect((await reply.text()).startsWith(body)).toBe(true);
    expect(await reply.settled).toBeUndefined();
  }
  expect(upstream.requests).toHaveLength(2);
  expect(weir.logged('answers too large for the cache')).toHaveLength(2);
});

test('S7 a plain reply above 6 MB passes on a route that streams', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const long = Array.from({ length: 1_536 }, (_, at) => Math.sqrt(at + 1) / 100);
  upstream.otherwise(({ response, request }) => {
    const count = (request.body.input as readonly string[]).length;
    const data = Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding: long }));
    const usage = { prompt_tokens: count, total_tokens: count };
    const reply = { object: 'list', model: 'text-embedding-3-small', data, usage };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  });
  const input = Array.from({ length: 400 }, (_, at) => `text ${at}`);
  const reply = await weir.post('openai/embeddings', { model: 'text-embedding-3-small', input });
  expect([reply.status, reply.raw.length > 6_291_556]).toEqual([200, true]);
  expect(reply.body['data']).toHaveLength(400);
});

test('S7 a buffered reply above 6 MB is a 413 that says so', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(({ response }) => {
    const results = Array.from({ length: 100_000 }, () => ({
      flagged: false,
      categories: {},
      category_scores: { a: 0.123456789012345 },
    }));
    const reply = { id: 'modr-1', model: 'omni-moderation-latest', results };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  });
  const reply = await weir.post('openai/moderations', { input: 'a text' });
  expect([reply.status, reply.raw.slice(0, 300)]).toEqual([413, expect.stringContaining('6291556')]);
});

const USAGE = { prompt_tokens: 4, completion_tokens: 1_000 };

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Of this process, in which the upstream and the caller are too. */
function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
