import { expect, test } from 'vitest';
import { haiku, serving } from '#test/support/haiku.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const TTL_SECONDS = 60;
const RAIN = { topic: 'rain' };

/** A Weir with one deterministic endpoint, and a way to ask it. */
async function startCached() {
  await using parts = new AsyncDisposableStack();
  const upstream = parts.use(await startScriptedUpstream({ prices: tieredPrices }));
  const weir = parts.use(await startWeir({ baseUrl: upstream.baseUrl }));
  const environment = serving(weir, { haiku: haiku({ deterministic: { ttlSeconds: TTL_SECONDS } }) });
  const owned = parts.move();
  return {
    upstream,
    weir,
    ask: async (cacheControl?: string) => {
      const headers: Record<string, string> = cacheControl === undefined ? {} : { 'Cache-Control': cacheControl };
      return environment.post('haiku', RAIN, { headers });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test('C4 an item past its expiry that DynamoDB has not deleted yet is a miss', async () => {
  await using cached = await startCached();
  await cached.ask();
  await cached.weir.clock.advance((TTL_SECONDS - 1) * 1000);
  expect((await cached.ask()).headers['x-weir-cache']).toBe('hit');
  await cached.weir.clock.advance(1000);
  expect((await cached.ask()).headers['x-weir-cache']).toBe('miss');
  expect(cached.upstream.requests).toHaveLength(2);
  // The fresh answer took the old one's place.
  expect((await cached.ask()).headers['x-weir-cache']).toBe('hit');
});

test('a hit says how old it is in whole seconds, costs nothing, and shows what it saved; a miss bears no age', async () => {
  await using cached = await startCached();
  cached.upstream.script(answer({ text: 'Rain.', usage: { inputTokens: 20, outputTokens: 10 } }));
  const miss = await cached.ask();
  expect(miss.headers).toMatchObject({ 'x-weir-cache': 'miss', 'x-weir-cost-usd': '0.000007' });
  expect(miss.headers['age']).toBeUndefined();
  await cached.weir.clock.advance(12_999);
  const hit = await cached.ask();
  expect(hit.body).toEqual(miss.body);
  expect(hit.headers).toMatchObject({
    age: '12',
    'x-weir-cache': 'hit',
    'x-weir-cost-usd': '0',
    'x-weir-attempts': '0',
    'x-weir-model': 'gpt-6-luna',
  });
  const [first, second] = await cached.weir.ledger();
  expect(first).toMatchObject({ cache: 'miss', costPico: 7_000_000n, savedPico: 0n });
  expect(second).toMatchObject({ cache: 'hit', costPico: 0n, savedPico: 7_000_000n, attempts: [], holds: [] });
});

test('C10 no-cache asks anew and stores what it gets', async () => {
  await using cached = await startCached();
  cached.upstream.script(answer({ text: 'Old.' }), answer({ text: 'New.' }));
  await cached.ask();
  const fresh = await cached.ask('no-cache');
  expect([fresh.headers['x-weir-cache'], fresh.body['haiku']]).toEqual(['bypass', 'New.']);
  const next = await cached.ask();
  expect([next.headers['x-weir-cache'], next.body['haiku']]).toEqual(['hit', 'New.']);
});

test('C10 no-store neither reads nor writes', async () => {
  await using cached = await startCached();
  cached.upstream.script(answer({ text: 'Secret.' }), answer({ text: 'Stored.' }), answer({ text: 'Secret again.' }));
  expect((await cached.ask('no-store')).headers['x-weir-cache']).toBe('bypass');
  expect((await cached.ask()).headers['x-weir-cache']).toBe('miss');
  expect((await cached.ask('No-Store')).body['haiku']).toBe('Secret again.');
  expect((await cached.ask()).body['haiku']).toBe('Stored.');
});

test('C10 max-age takes an answer that is young enough, and replaces one that is not', async () => {
  await using cached = await startCached();
  cached.upstream.script(answer({ text: 'Old.' }), answer({ text: 'New.' }));
  await cached.ask();
  await cached.weir.clock.advance(30_000);
  expect((await cached.ask('max-age=30')).headers['x-weir-cache']).toBe('hit');
  const younger = await cached.ask('max-age=29');
  expect([younger.headers['x-weir-cache'], younger.body['haiku']]).toEqual(['miss', 'New.']);
  const next = await cached.ask('max-age="5"');
  expect([next.headers['x-weir-cache'], next.headers['age']]).toEqual(['hit', '0']);
});

test('C10 max-age=0 asks anew, also within the same millisecond, and so does a max-age that is no number', async () => {
  await using cached = await startCached();
  await cached.ask();
  expect((await cached.ask('max-age=0')).headers['x-weir-cache']).toBe('bypass');
  expect((await cached.ask('max-age=soon')).headers['x-weir-cache']).toBe('bypass');
  expect(cached.upstream.requests).toHaveLength(3);
});

test('C10 max-age does not stretch what the endpoint allows', async () => {
  await using cached = await startCached();
  await cached.ask();
  await cached.weir.clock.advance(TTL_SECONDS * 1000);
  expect((await cached.ask('max-age=86400')).headers['x-weir-cache']).toBe('miss');
});

test('C10 only-if-cached answers from the cache, or with a 504 that costs nothing', async () => {
  await using cached = await startCached();
  const before = await cached.ask('only-if-cached');
  expect([before.status, before.body['code'], before.headers['x-should-retry']]).toEqual([504, 'not_cached', 'false']);
  expect(before.headers['age']).toBeUndefined();
  expect(cached.upstream.requests).toHaveLength(0);
  expect(await cached.weir.budget('haiku')).toBeUndefined();
  await cached.ask();
  expect((await cached.ask('only-if-cached')).headers['x-weir-cache']).toBe('hit');
  await cached.weir.clock.advance(10_000);
  expect((await cached.ask('only-if-cached, max-age=5')).status).toBe(504);
  expect((await cached.ask('only-if-cached, no-cache')).status).toBe(504);
  expect(cached.upstream.requests).toHaveLength(1);
});

test('C10 directives that HTTP does not know are ignored', async () => {
  await using cached = await startCached();
  await cached.ask('stale-while-revalidate=5, immutable, ,=,"');
  expect((await cached.ask('min-fresh=0')).headers['x-weir-cache']).toBe('hit');
});

test('the reply itself may not be stored by anyone on the way', async () => {
  await using cached = await startCached();
  expect((await cached.ask()).headers['cache-control']).toBe('no-store');
  expect((await cached.ask()).headers['cache-control']).toBe('no-store');
});
