import { expect, test } from 'vitest';
import { toLeadItem } from '#cache/lead-item.ts';
import { fromAttributes, type AttributeValue, type StoredItem } from '#platform/aws/attributes.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { cachesOf, environmentsOf } from '#test/support/stampede.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const RAIN = { topic: 'rain' };
const POLL_MS = 500;

/** The lead that a call took, as it stood on the table. */
function leadIn(weir: Weir): StoredItem {
  const { body } = weir.dynamoDb.requests.find((request) => request.body.includes('"leading"')) ?? { body: '' };
  return fromAttributes((JSON.parse(body) as { Item: Record<string, AttributeValue> }).Item);
}

const foreign: readonly (readonly [string, (lead: StoredItem, nowMs: number) => object])[] = [
  ['the lead of another key', (lead, nowMs) => ({ ...toLeadItem('another', 'leading', 'x', nowMs), pk: lead['pk'] })],
  ['a lead of another leader than its digest’s', (lead) => ({ ...lead, leader: 'x' })],
  ['a lease made longer', (lead, nowMs) => ({ ...lead, leaseUntilMs: nowMs + 10_000 })],
  [
    'a lease beyond all that is given',
    ({ pk }, nowMs) => toLeadItem(pk as string, 'leading', 'x', nowMs + 30 * 86_400_000),
  ],
  ['a lease that is text', (lead) => ({ ...lead, leaseUntilMs: 'for ever' })],
  ['no digest', ({ pk }) => ({ pk, state: 'leading', leader: 'x', leaseUntilMs: 9e15, expiresAt: 9e12 })],
  ['a digest that is no text', (lead, nowMs) => ({ ...lead, digest: 5, leaseUntilMs: nowMs + 10_000 })],
  ['nothing but its key', ({ pk }) => ({ pk })],
  ['an answer that is none, and never expires', ({ pk }) => ({ pk, digest: 'x', body: 'x', expiresAt: 9e12 })],
];

test.each(foreign)('C8 an item under the key that is %s keeps nobody waiting, and is replaced', async (_, make) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  upstream.script(badRequest());
  await environment.post('haiku', RAIN);
  const { dynamo, config } = weir.platform;
  await dynamo.put(config.tables.cache, make(leadIn(weir), weir.clock.nowMs()) as StoredItem);
  expect(cachesOf([await environment.post('haiku', RAIN)])).toEqual(['200 miss']);
  expect(cachesOf([await environment.post('haiku', RAIN)])).toEqual(['200 hit']);
});

test('C8 what nobody can use does not let everyone through: one of those who find it leads', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environments = environmentsOf(weir, 3);
  await environments[0].post('haiku', RAIN);
  const { dynamo, config } = weir.platform;
  const stored = weir.dynamoDb.requests.find(({ body }) => body.includes('"form"'))?.body ?? '';
  const item = fromAttributes((JSON.parse(stored) as { Item: Record<string, AttributeValue> }).Item);
  await dynamo.put(config.tables.cache, { ...item, body: Buffer.from('not this') });

  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const calls = environments.map((environment) => environment.post('haiku', RAIN));
  await gate.reached();
  await weir.clock.timersSet(3 + 1 + 2);
  gate.open();
  await Promise.race(calls);
  await weir.clock.advance(POLL_MS);
  expect(cachesOf(await Promise.all(calls))).toEqual(['200 hit', '200 hit', '200 miss']);
  expect(upstream.requests).toHaveLength(2);
});
