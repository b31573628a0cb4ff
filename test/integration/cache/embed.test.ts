import { expect, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { embeddingOf } from '#test/support/scripted-embeddings.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const DIMENSIONS = 16;
const vectorOf = (text: string, dimensions = DIMENSIONS) => [...embeddingOf(text, dimensions)];
const bodyOf = (...texts: string[]) => ({ texts, dimensions: DIMENSIONS });

test('embed sends only new texts upstream, in order, and puts every vector where its text stood', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('embed', bodyOf('weir', 'lock'));
  const reply = await weir.post('embed', bodyOf('mill', 'lock', 'canal', 'weir', 'salmon'));
  expect(upstream.requests.map(({ body }) => body.input)).toEqual([
    ['weir', 'lock'],
    ['mill', 'canal', 'salmon'],
  ]);
  expect(reply.body['embeddings']).toEqual(['mill', 'lock', 'canal', 'weir', 'salmon'].map((text) => vectorOf(text)));
  // Something had to be asked, so it is a miss without an age; what was there already is saved.
  expect([reply.headers['x-weir-cache'], reply.headers['age'], reply.headers['x-weir-attempts']]).toEqual([
    'miss',
    undefined,
    '1',
  ]);
  const third = await weir.post('embed', bodyOf('salmon', 'canal', 'mill', 'lock', 'weir'));
  expect([third.headers['x-weir-cache'], third.headers['x-weir-cost-usd']]).toEqual(['hit', '0']);
  expect(upstream.requests).toHaveLength(2);
});

test('embed sends a text that stands twice in a batch once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const reply = await weir.post('embed', bodyOf('weir', 'lock', 'weir', 'weir', 'lock'));
  expect(upstream.requests.map(({ body }) => body.input)).toEqual([['weir', 'lock']]);
  const [weirVector, lockVector] = [vectorOf('weir'), vectorOf('lock')];
  expect(reply.body['embeddings']).toEqual([weirVector, lockVector, weirVector, weirVector, lockVector]);
  expect((await weir.ledger())[0]?.costPico).toBe(upstream.bill.totalPico);
  const again = await weir.post('embed', bodyOf('lock', 'lock'));
  expect([again.headers['x-weir-cache'], again.body['embeddings']]).toEqual(['hit', [lockVector, lockVector]]);
});

test('embed keeps an entry for each text: other dimensions, other case and other white space are other texts', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('embed', bodyOf('weir'));
  for (const body of [{ texts: ['weir'], dimensions: 32 }, bodyOf('Weir'), bodyOf(' weir'), bodyOf('we\u0301ir')]) {
    expect((await weir.post('embed', body)).headers['x-weir-cache']).toBe('miss');
  }
  expect(upstream.requests).toHaveLength(5);
});

test('savedUsd is what the hits would have cost, over several calls and to the pico-dollar', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  // Four bytes a token at 20,000 pico-dollars: two texts of 8 and one of 4 bytes.
  await weir.post('embed', bodyOf('weirweir'));
  await weir.post('embed', bodyOf('locklock', 'weirweir'));
  await weir.post('embed', bodyOf('mill', 'locklock', 'weirweir', 'weirweir'));
  const saved = (await weir.ledger()).map(({ savedPico }) => savedPico).toSorted((a, b) => Number(a - b));
  expect(saved).toEqual([0n, 40_000n, 80_000n]);
  const { body } = await weir.get('finance/spend', {}, { roles: ['finance'] });
  expect(body['rows']).toMatchObject([
    { endpoint: 'embed', calls: 3, cacheHits: 0, costUsd: formatUsd(100_000n), savedUsd: formatUsd(120_000n) },
  ]);
});

test('a batch over a hundred texts is read and written in several requests, and none is lost', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const texts = Array.from({ length: 230 }, (_, at) => `text ${at}`);
  const first = await weir.post('embed', { texts, dimensions: DIMENSIONS });
  expect(first.status).toBe(200);
  const { BatchGetItem: reads, BatchWriteItem: writes } = weir.dynamoDb.counts;
  expect([reads, writes]).toEqual([3, 10]);
  const again = await weir.post('embed', { texts: texts.toReversed(), dimensions: DIMENSIONS });
  expect([again.status, again.headers['x-weir-cache']]).toEqual([200, 'hit']);
  expect(again.body['embeddings']).toEqual(texts.toReversed().map((text) => vectorOf(text)));
  expect(upstream.requests).toHaveLength(1);
});

test('a batch that fails stores nothing, and what the cache had is not lost', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('embed', bodyOf('weir'));
  upstream.script(badRequest());
  expect((await weir.post('embed', bodyOf('weir', 'lock'))).status).toBe(400);
  await weir.post('embed', bodyOf('weir', 'lock'));
  expect(upstream.requests.map(({ body }) => body.input)).toEqual([['weir'], ['lock'], ['lock']]);
});

test('C10 only-if-cached with some texts new: 504 and no upstream request; nothing was a hit, and nothing saved', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('embed', bodyOf('weir'));
  const headers = { 'cache-control': 'only-if-cached' };
  const reply = await weir.post('embed', bodyOf('weir', 'lock'), { headers });
  expect([reply.status, reply.headers['x-weir-cache'], reply.headers['age']]).toEqual([504, 'miss', undefined]);
  expect(upstream.requests).toHaveLength(1);
  expect(await weir.ledger()).toHaveLength(1);
  expect((await weir.post('embed', bodyOf('weir'), { headers })).headers['x-weir-cache']).toBe('hit');
});

test('age is that of the oldest text in the batch', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await weir.post('embed', bodyOf('weir'));
  await weir.clock.advance(60_000);
  await weir.post('embed', bodyOf('lock'));
  await weir.clock.advance(5_000);
  expect((await weir.post('embed', bodyOf('lock'))).headers['age']).toBe('5');
  expect((await weir.post('embed', bodyOf('lock', 'weir'))).headers['age']).toBe('65');
  const headers = { 'cache-control': 'max-age=10' };
  await weir.post('embed', bodyOf('lock', 'weir'), { headers });
  expect(upstream.requests.at(-1)?.body.input).toEqual(['weir']);
});
