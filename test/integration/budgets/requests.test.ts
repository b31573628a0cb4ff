import { expect, test } from 'vitest';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { answer } from '#test/support/scripted-steps.ts';
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
  const rounds = new Rounds();
  const endpoints = { cached: haiku({ deterministic: WEEK }), plain: haiku() };
  const platform = { ...weir.platform, dynamo: rounds.of(weir.platform.dynamo) };
  const environment = serving(weir, endpoints, platform);
  const waitsOf = async (endpoint: string, topic: string) => {
    const before = rounds.count;
    let waits = 0;
    upstream.script((exchange) => {
      waits = rounds.count - before;
      return answer()(exchange);
    });
    expect((await environment.post(endpoint, { topic })).status).toBe(200);
    return waits;
  };
  for (const endpoint of ['cached', 'plain']) await waitsOf(endpoint, 'first');
  expect(await waitsOf('cached', 'rain')).toBe(3);
  expect(await waitsOf('plain', 'rain')).toBe(1);
});

/** Counts how often a client is waited for: what is asked together is one round, and is answered together. */
class Rounds {
  count = 0;
  #underWay = 0;
  #answered = Promise.withResolvers<void>();

  of(dynamo: DynamoDb): DynamoDb {
    const counted = Object.entries(dynamo).map(
      ([name, ask]: [string, (...question: unknown[]) => Promise<unknown>]) => {
        return [name, (...question: unknown[]) => this.#ask(() => ask(...question))] as const;
      },
    );
    return Object.fromEntries(counted) as unknown as DynamoDb;
  }

  async #ask(ask: () => Promise<unknown>): Promise<unknown> {
    if (this.#underWay++ === 0) {
      this.count += 1;
      this.#answered = Promise.withResolvers();
    }
    const { promise, resolve } = this.#answered;
    try {
      return await ask();
    } finally {
      if (--this.#underWay === 0) resolve();
      await promise;
    }
  }
}
