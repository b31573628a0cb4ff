import { expect, test } from 'vitest';
import { haiku, serving } from '#test/support/haiku.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const WEEK = { ttlSeconds: 604_800 };

test('a call makes few requests to DynamoDB: a hit 2, a miss with endpoint and caller budgets 8 where it is cached and 5 where not', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const set = { window: 'month', limitUsd: '5' };
  await weir.put('finance/set-budget', set, { params: { scope: 'caller:ada' }, roles: ['administrator'] });
  const environment = serving(weir, { cached: haiku({ deterministic: WEEK }), plain: haiku() });
  const requestsOf = async (endpoint: string, topic: string) => {
    weir.dynamoDb.reset();
    const asked = upstream.requests.length;
    expect((await environment.post(endpoint, { topic })).status).toBe(200);
    return { requests: weir.dynamoDb.requests, isMiss: upstream.requests.length > asked };
  };
  // The first call of a window opens counters and learns the limits.
  for (const endpoint of ['cached', 'plain']) await requestsOf(endpoint, 'first');

  const miss = await requestsOf('cached', 'rain');
  expect([miss.isMiss, miss.requests.length]).toEqual([true, 8]);
  const hit = await requestsOf('cached', 'rain');
  expect([hit.isMiss, hit.requests.length]).toEqual([false, 2]);
  const plain = await requestsOf('plain', 'rain');
  expect([plain.isMiss, plain.requests.length]).toEqual([true, 5]);
});

test('before the upstream is called a cached endpoint waits for DynamoDB three times, another once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const set = { window: 'month', limitUsd: '5' };
  await weir.put('finance/set-budget', set, { params: { scope: 'caller:ada' }, roles: ['administrator'] });
  const environment = serving(weir, { cached: haiku({ deterministic: WEEK }), plain: haiku() });

  /** How often the call waited: requests that are under way together are one wait. */
  const waitsOf = async (endpoint: string, topic: string) => {
    let underWay = 0;
    let waits = 0;
    const asked = upstream.requests.length;
    weir.dynamoDb.reset();
    weir.dynamoDb.rules.push({
      fault: async (exchange) => {
        if (upstream.requests.length === asked && underWay++ === 0) waits += 1;
        // Those that are sent together come in before the first of them is answered.
        await new Promise((resolve) => setImmediate(resolve));
        const reply = await exchange.forward();
        underWay -= 1;
        exchange.reply(reply);
      },
    });
    expect((await environment.post(endpoint, { topic })).status).toBe(200);
    return waits;
  };
  for (const endpoint of ['cached', 'plain']) await waitsOf(endpoint, 'first');
  expect(await waitsOf('cached', 'rain')).toBe(3);
  expect(await waitsOf('plain', 'rain')).toBe(1);
});
