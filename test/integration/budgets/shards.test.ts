import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { heldIn, type PartState } from '#budgets/part.ts';
import type { Clock } from '#platform/clock.ts';
import { formatUsd } from '#platform/money.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const BOUND_PICO = 60n * 125_000n + 100n * 500_000n;
const COST_PICO = 7_000_000n;
const USAGE = { inputTokens: 20, outputTokens: 10 };

/** All shards of an endpoint's month, each balanced. */
async function shardsOf(weir: Weir<Clock>, endpoint: string): Promise<readonly PartState[]> {
  const state = await weir.budgetStores.book.read(`endpoint:${endpoint}#2026-11`);
  return (state?.shards ?? []).map(expectBalanced);
}

const sum = (shards: readonly PartState[], of: (shard: PartState) => bigint) =>
  shards.reduce((total, shard) => total + of(shard), 0n);

test('L1 a budget of four shards is used up to less than one call, and not beyond', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(answer({ gate, usage: USAGE }));
  // No share holds a whole number of calls: the last ones stand in pieces.
  const limitPico = 10n * BOUND_PICO + 4n;
  const budget = { monthlyUsd: formatUsd(limitPico), shards: 4 };
  const environment = serving(weir, { hot: haiku({ budget }) });
  const allRefused = Promise.withResolvers<void>();
  let refused = 0;
  const calls = Array.from({ length: 14 }, async () => {
    const reply = await environment.post('hot', { topic: 'rain' });
    if (reply.status === 402 && ++refused === 4) allRefused.resolve();
    return reply;
  });
  // Nothing comes back before the last of them is refused.
  await Promise.all([gate.reached(10), allRefused.promise]);
  const held = await shardsOf(weir, 'hot');
  expect(held.map(({ limitPico: share }) => share)).toHaveLength(4);
  expect(sum(held, heldIn)).toBe(10n * BOUND_PICO);
  gate.open();
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  const countOf = (status: number) => statuses.filter((each) => each === status).length;
  expect([countOf(200), countOf(402)]).toEqual([10, 4]);

  const settled = await shardsOf(weir, 'hot');
  expect([sum(settled, (shard) => shard.spentPico), sum(settled, heldIn)]).toEqual([10n * COST_PICO, 0n]);
  expect(sum(settled, (shard) => shard.limitPico)).toBe(limitPico);
  const entries = await weir.ledger();
  // What a split call is charged stands in its entry, part by part, and sums to its cost.
  expect(entries.some(({ holds }) => holds.length > 1)).toBe(true);
  for (const { holds, costPico } of entries) {
    expect(holds.reduce((total, { pico }) => total + pico, 0n)).toBe(costPico);
  }
});

test('the number of shards changes in the middle of a month, up and down, under calls in flight: every sum stands', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(answer({ gate, usage: USAGE }));
  const scope = { params: { scope: 'endpoint:summarize' }, roles: ['administrator'] as const };
  const limitPico = 20n * BOUND_PICO;
  const set = async (shards: number) => {
    const reply = await weir.put('finance/set-budget', { limitUsd: formatUsd(limitPico), shards }, scope);
    expect(reply.status).toBe(200);
    const now = await shardsOf(weir, 'summarize');
    expect(sum(now, (shard) => shard.limitPico)).toBe(limitPico);
    expect(now.filter((shard) => shard.frozen === undefined)).toHaveLength(shards);
  };
  const environment = serving(weir, { summarize: haiku() });
  const call = () => environment.post('summarize', { topic: 'rain' });
  const calls = [];
  await set(1);
  for (const [at, shards] of [3, 7, 2, 1, 5].entries()) {
    calls.push(call(), call());
    await gate.reached(2 * (at + 1));
    await set(shards);
  }
  gate.open();
  for (const reply of await Promise.all(calls)) expect(reply.status).toBe(200);
  const settled = await shardsOf(weir, 'summarize');
  expect([sum(settled, (shard) => shard.spentPico), sum(settled, heldIn)]).toEqual([10n * COST_PICO, 0n]);

  // What came back to shards that are no more in use is brought where it can be spent.
  await weir.runSchedule('finance/sweep-budgets');
  const swept = await shardsOf(weir, 'summarize');
  const inUse = swept.filter((shard) => shard.frozen === undefined);
  expect(sum(inUse, (shard) => shard.availablePico)).toBe(limitPico - 10n * COST_PICO);
  expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ changed: 0, failed: 0 });
});

test('a limit lowered below what is spent freezes all shards: nothing is granted until enough has come back', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.otherwise(answer({ gate, usage: USAGE }));
  const scope = { params: { scope: 'endpoint:summarize' }, roles: ['administrator'] as const };
  const set = (pico: bigint) => weir.put('finance/set-budget', { limitUsd: formatUsd(pico), shards: 3 }, scope);
  await set(30n * BOUND_PICO);
  const environment = serving(weir, { summarize: haiku() });
  const call = () => environment.post('summarize', { topic: 'rain' });
  const calls = [call(), call(), call()];
  await gate.reached(3);

  await set(2n * BOUND_PICO);
  const refused = await call();
  expect([refused.status, refused.body['limitUsd']]).toEqual([402, formatUsd(2n * BOUND_PICO)]);
  gate.open();
  for (const reply of await Promise.all(calls)) expect(reply.status).toBe(200);
  // Enough is there again; the sweeper sees to it that it can be used.
  await weir.runSchedule('finance/sweep-budgets');
  expect((await call()).status).toBe(200);
  const settled = await shardsOf(weir, 'summarize');
  expect(sum(settled, (shard) => shard.limitPico)).toBe(2n * BOUND_PICO);
  expect(sum(settled, (shard) => shard.spentPico)).toBe(4n * COST_PICO);
});

test('the account’s budget is drawn in purses; closed, they have cost what the ledger says', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ usage: USAGE }));
  const scope = { params: { scope: 'account' }, roles: ['administrator'] as const };
  await weir.put('finance/set-budget', { limitUsd: formatUsd(100_000n * BOUND_PICO) }, scope);
  const environment = serving(weir, { haiku: haiku() });
  for (let call = 1; call <= 3; call++) await environment.post('haiku', { topic: 'rain' });

  const [first, second, third] = await weir.ledger();
  const purse = first?.holds.at(-1)?.part ?? '';
  expect(purse).toMatch(/^account#2026-11#p[0-9a-f]+$/);
  expect([second?.holds.at(-1)?.part, third?.holds.at(-1)?.part]).toEqual([purse, purse]);
  const head = expectBalanced(await weir.head('account'));
  // One write of the head for three calls.
  expect([head.spentPico, head.holds.size]).toEqual([0n, 1]);
  // A purse's item goes by itself when its window is long over; a limit's counter never does.
  const { dynamo, config } = weir.platform;
  const itemOf = async (pk: string) => (await dynamo.get(config.tables.budgets, { pk })) ?? {};
  expect(Number((await itemOf(purse))['expiresAt']) * 1000).toBeGreaterThan(Date.UTC(2026, 11, 31));
  expect(await itemOf(head.key)).not.toHaveProperty('expiresAt');
  const shown = await weir.get('finance/read-budget', {}, scope);
  expect(shown.body['spentUsd']).toBe(formatUsd(3n * COST_PICO));

  await weir.clock.advance(3_600_000);
  expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ pursesClosed: 1, writtenOff: 0, failed: 0 });
  const closed = expectBalanced(await weir.head('account'));
  expect([closed.spentPico, [...closed.holds]]).toEqual([3n * COST_PICO, []]);
  expect(await weir.runSchedule('finance/sweep-budgets')).toMatchObject({ pursesClosed: 0, changed: 0, failed: 0 });
});

test('a lowered account limit holds at once, for environments that have drawn money too', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ usage: USAGE }));
  const scope = { params: { scope: 'account' }, roles: ['administrator'] as const };
  const set = (pico: bigint) => weir.put('finance/set-budget', { limitUsd: formatUsd(pico) }, scope);
  await set(100_000n * BOUND_PICO);
  const environment = serving(weir, { haiku: haiku() });
  expect((await environment.post('haiku', { topic: 'rain' })).status).toBe(200);
  await set(COST_PICO);
  const refused = await environment.post('haiku', { topic: 'snow' });
  expect([refused.status, refused.body['scope']]).toEqual([402, 'account']);
  expect(upstream.requests).toHaveLength(1);
  await set(3n * BOUND_PICO);
  const granted = await environment.post('haiku', { topic: 'snow' });
  expect(granted.status).toBe(200);
  const second = (await weir.ledger()).find(({ callId }) => callId === granted.headers['x-weir-call-id']);
  // So little is left that it is held in the head itself.
  expect(second?.holds.at(-1)?.part).toBe(partKey({ key: 'account#2026-11' }, 0));
});
