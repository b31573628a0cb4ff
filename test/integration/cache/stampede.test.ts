import { expect, test } from 'vitest';
import { expectBooksToAgree } from '#test/support/books.ts';
import { haiku } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { badRequest } from '#test/support/scripted-failures.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { cachesOf, cacheRequests, environmentsOf } from '#test/support/stampede.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';

const RAIN = { topic: 'rain' };
/** Longer than any poll's delay. */
const POLL_MS = 500;

const times = (count: number, ...words: readonly string[]) =>
  words.flatMap((word) => Array(count).fill(word) as string[]);

test('C6 100 concurrent identical misses in one process: one upstream call, 99 hits, spent once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  const gate = new Gate();
  upstream.otherwise(answer({ gate, text: 'Rain on still water.' }));
  const calls = Array.from({ length: 100 }, () => environment.post('haiku', RAIN));
  await environment.reads.answered(100);
  await gate.reached();
  gate.open();
  const replies = await Promise.all(calls);

  expect(cachesOf(replies)).toEqual([...times(99, '200 hit'), '200 miss']);
  expect(new Set(replies.map(({ body }) => body['haiku']))).toEqual(new Set(['Rain on still water.']));
  expect(upstream.requests).toHaveLength(1);
  await expectBooksToAgree(weir, upstream, 'haiku');
  expect((await weir.budget('haiku'))?.spentPico).toBe(upstream.bill.totalPico);
  // Nobody asked the table again: the reads, the lead and the answer.
  expect(cacheRequests(weir).toSorted()).toEqual([...times(100, 'GetItem'), 'PutItem', 'PutItem']);
  expect(weir.clock.pending).toBe(0);
});

test('C6 a waiter pays nothing, reserves nothing, and says in its ledger entry that it waited', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  // What one call asks of the budgets' table once the budget is open.
  await environment.post('haiku', { topic: 'snow' });
  const budgetRequests = () => weir.dynamoDb.requests.filter(({ body }) => body.includes('-budgets"')).length;
  weir.dynamoDb.reset();
  await environment.post('haiku', { topic: 'hail' });
  const ofOneCall = budgetRequests();
  weir.dynamoDb.reset();

  await weir.clock.advance(1); // so that the ledger has what follows after these two
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const calls = Array.from({ length: 3 }, () => environment.post('haiku', RAIN));
  await environment.reads.answered(5);
  await gate.reached();
  await weir.clock.advance(1_200);
  gate.open();
  const replies = await Promise.all(calls);

  expect(budgetRequests()).toBe(ofOneCall);
  const entries = (await weir.ledger()).slice(2);
  const leading = entries.find(({ cache }) => cache === 'miss');
  expect(leading).toMatchObject({ savedPico: 0n, attempts: [{ basis: 'exact' }] });
  expect(leading).not.toHaveProperty('waitedMs');
  const waiting = entries.filter(({ cache }) => cache === 'hit');
  expect(waiting).toHaveLength(2);
  for (const entry of waiting) {
    expect(entry).toMatchObject({ costPico: 0n, attempts: [], holds: [], outcome: 'completed', waitedMs: 1_200 });
    expect(entry.savedPico).toBe(leading?.costPico);
  }
  const hit = replies.find(({ headers }) => headers['x-weir-cache'] === 'hit');
  expect(hit?.headers).toMatchObject({ 'x-weir-cost-usd': '0', 'x-weir-attempts': '0', age: '0' });
});

test('C6 100 concurrent identical misses over four processes: one upstream call, 99 hits, spent once', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environments = environmentsOf(weir, 4);
  const gate = new Gate();
  upstream.otherwise(answer({ gate, text: 'Rain on still water.' }));
  const groups = environments.map((environment) =>
    Promise.all(Array.from({ length: 25 }, () => environment.post('haiku', RAIN))),
  );
  await Promise.all(environments.map(({ reads }) => reads.answered(25)));
  await gate.reached();
  // 100 deadlines, one renewal, and in each of the other processes one that looks again for all.
  await weir.clock.timersSet(100 + 1 + 3);
  gate.open();
  await Promise.race(groups);
  await weir.clock.advance(POLL_MS);
  const replies = (await Promise.all(groups)).flat();

  expect(cachesOf(replies)).toEqual([...times(99, '200 hit'), '200 miss']);
  expect(upstream.requests).toHaveLength(1);
  await expectBooksToAgree(weir, upstream, 'haiku');
  const waited = (await weir.ledger()).map(({ waitedMs }) => waitedMs);
  expect(waited.filter((ms) => ms === undefined)).toHaveLength(1);
  expect(waited.filter((ms) => ms === POLL_MS)).toHaveLength(75);
});

test('C6 who finds the lead taken does not ask for it, and looks again less and less often', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2);
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const leading = first.post('haiku', RAIN);
  await gate.reached();
  weir.dynamoDb.reset();
  const waiting = second!.post('haiku', RAIN);
  // The random source gives 0: each delay is half of 50, 100, 200, 400, 500, 500 ms.
  for (const [looks, delayMs] of [25, 50, 100, 200, 250, 250].entries()) {
    await second!.reads.answered(1 + looks);
    await weir.clock.timersSet(4); // two deadlines, the renewal, the next look
    await weir.clock.advance(delayMs - 1);
    expect(cacheRequests(weir)).toEqual(times(1 + looks, 'GetItem'));
    await weir.clock.advance(1);
  }
  await second!.reads.answered(7);
  gate.open();
  await leading;
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 hit']);
});

test('C6 the living leader keeps its lead for as long as it works', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2);
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const leading = first.post('haiku', RAIN);
  await gate.reached();
  const waiting = second!.post('haiku', RAIN);
  await second!.reads.answered(1);
  for (let renewals = 1; renewals <= 10; renewals++) {
    await weir.clock.timersSet(4);
    await weir.clock.advance(2_000);
    await expect
      .poll(() => cacheRequests(weir).filter((operation) => operation === 'PutItem'))
      .toHaveLength(1 + renewals);
    await second!.reads.answered(1 + renewals);
  }
  gate.open();
  await leading;
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 hit']);
  expect(upstream.requests).toHaveLength(1);
  expect(weir.clock.pending).toBe(0);
});

test('C6 a leader that fails is followed by one waiter, whose answer the others take', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [environment] = environmentsOf(weir, 1);
  const gates = [new Gate(), new Gate()] as const;
  upstream.script(async (exchange) => {
    await gates[0].pass();
    await badRequest()(exchange);
  });
  upstream.otherwise(answer({ gate: gates[1] }));
  const calls = Array.from({ length: 10 }, () => environment.post('haiku', RAIN));
  await environment.reads.answered(10);
  await gates[0].reached();
  gates[0].open();
  await gates[1].reached();
  gates[1].open();
  expect(cachesOf(await Promise.all(calls))).toEqual([...times(8, '200 hit'), '200 miss', '400 miss']);
  expect(upstream.requests).toHaveLength(2);
  await expectBooksToAgree(weir, upstream, 'haiku');
});

test('C6 a leader that fails in another process is followed by a waiter at its next look', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2);
  const gate = new Gate();
  upstream.script(async (exchange) => {
    await gate.pass();
    await badRequest()(exchange);
  });
  const leading = first.post('haiku', RAIN);
  await gate.reached();
  const waiting = second!.post('haiku', RAIN);
  await second!.reads.answered(1);
  await weir.clock.timersSet(4);
  gate.open();
  expect((await leading).status).toBe(400);
  await weir.clock.advance(POLL_MS);
  expect(cachesOf([await waiting])).toEqual(['200 miss']);
  expect((await weir.ledger()).find(({ outcome }) => outcome === 'completed')).toMatchObject({ waitedMs: POLL_MS });
});

test('C6 where the budget refuses, each is told so and nobody waits in vain', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const endpoints = { haiku: haiku({ deterministic: { ttlSeconds: 60 }, budget: { monthlyUsd: '0.000000000001' } }) };
  const [environment] = environmentsOf(weir, 1, { endpoints });
  const replies = await Promise.all(Array.from({ length: 10 }, () => environment.post('haiku', RAIN)));
  expect(cachesOf(replies)).toEqual(times(10, '402 miss'));
  expect([upstream.requests.length, weir.clock.pending]).toEqual([0, 0]);
});

test.each([
  ['in the same process', 1],
  ['in another process', 2],
])('C6 a waiter %s is bound by its own deadline, and leaves no trace in the books', async (_, processes) => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const environments = environmentsOf(weir, processes);
  const [first, second] = [environments[0], environments.at(-1)!];
  const gate = new Gate();
  upstream.otherwise(answer({ gate }));
  const leading = first.post('haiku', RAIN);
  await gate.reached();
  const waiting = second.post('haiku', RAIN, { headers: { 'x-weir-timeout-ms': '2000' } });
  await second.reads.answered(first === second ? 2 : 1);
  for (let waitedMs = 0; waitedMs < 1_600; waitedMs += 400) await weir.clock.advance(400);
  const reply = await waiting;
  expect([reply.status, reply.body['code'], reply.body['limitMs']]).toEqual([504, 'deadline_exceeded', 1_600]);
  gate.open();
  expect((await leading).status).toBe(200);
  expect(await weir.ledger()).toHaveLength(1);
  await expectBooksToAgree(weir, upstream, 'haiku');
});

test('C6 an answer that came between a caller’s read and its lead is found', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const [first, second] = environmentsOf(weir, 2);
  const gate = new Gate();
  weir.dynamoDb.rules.push({
    operation: 'PutItem',
    bodyIncludes: '-cache"',
    nth: 1,
    fault: async (exchange) => {
      await gate.pass();
      exchange.reply(await exchange.forward());
    },
  });
  const late = first.post('haiku', RAIN);
  await gate.reached();
  expect(cachesOf([await second!.post('haiku', RAIN)])).toEqual(['200 miss']);
  gate.open();
  expect(cachesOf([await late])).toEqual(['200 hit']);
  expect(upstream.requests).toHaveLength(1);
});
