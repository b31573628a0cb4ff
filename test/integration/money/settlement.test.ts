import { expect, test } from 'vitest';
import { createCounterStore } from '#budgets/counter-store.ts';
import { reserve, settle } from '#budgets/reservation.ts';
import { fromItem } from '#ledger/entry-item.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { createLedgerStore } from '#ledger/ledger-store.ts';
import { fromAttributes, type AttributeValue } from '#platform/aws/attributes.ts';
import type { Clock } from '#platform/clock.ts';
import { mintCallId } from '#platform/call-id.ts';
import { formatUsd } from '#platform/money.ts';
import { expectBalanced, heldIn } from '#test/support/counter-balance.ts';
import { dropRequest, holdRequest } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { badRequest, serverError } from '#test/support/scripted-failures.ts';
import { answer, hang, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const LEDGER_ENTRY = { operation: 'PutItem', bodyIncludes: '"holdIds"' };
const SETTLE = ':heldMinusActual';

/** A counter of 1,000, of which 100 are held. */
async function holdHundred(weir: Weir<Clock>) {
  const store = createCounterStore(weir.platform.dynamo, weir.platform.config.tables.budgets);
  const atMs = weir.clock.nowMs();
  const facts = { callId: mintCallId(atMs), killAtMs: atMs + 30_000, caller: 'ada', model: 'gpt-6-luna' };
  const scopes = [{ name: 'endpoint:one', limitPico: 1_000n }] as const;
  const request = { scopes, amountPico: 100n, atMs, facts, mayGoOn: () => true };
  const outcome = await reserve(store, request);
  if (!outcome.granted) throw new Error('nothing was held');
  return { store, request, reservation: outcome.reservation };
}

test('L6 settling five times, at once and one after the other, changes nothing after the first', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { store, reservation } = await holdHundred(weir);

  const settleFiveTimes = () => Array.from({ length: 5 }, () => settle(store, reservation, 30n));
  for (const left of await Promise.all(settleFiveTimes())) expect(left).toEqual([]);
  for (let again = 0; again < 5; again++) expect(await settle(store, reservation, 30n)).toEqual([]);
  const state = expectBalanced(await weir.budget('one'));
  expect(state).toMatchObject({ availablePico: 970n, spentPico: 30n });
  expect([...state.holds]).toEqual([]);
});

test('settling charges the actual cost even above the hold, and the counter may turn negative', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { store, request, reservation } = await holdHundred(weir);
  await settle(store, reservation, 1_200n);
  expect(expectBalanced(await weir.budget('one'))).toMatchObject({ availablePico: -200n, spentPico: 1_200n });
  expect(
    await reserve(store, { ...request, amountPico: 1n, facts: { ...request.facts, callId: 'another' } }),
  ).toMatchObject({
    granted: false,
  });
});

test.each([
  ['answered', answer(), 200],
  ['refused by the upstream', badRequest(), 400],
  ['failing', serverError(), 502],
  ['lost', resetAfterBilling(), 504],
])(
  'spend is settled before the reply of a call that was %s: the counter read right after it has no hold',
  async (_, step, status) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.otherwise(step);
    const reply = await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
    const counter = expectBalanced(await weir.budget('haiku'));
    expect(reply.status).toBe(status);
    expect([...counter.holds]).toEqual([]);
    const [entry] = await weir.ledger();
    expect(counter.spentPico).toBe(entry?.costPico);
  },
);

test('R4 spend is settled before the reply when the deadline comes while the upstream hangs', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(hang({ billed: true }));
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' }, { remainingMs: 10_000 });
  await upstream.received();
  await weir.clock.advance(8_500);
  expect((await calling).status).toBe(504);
  const counter = expectBalanced(await weir.budget('haiku'));
  const [entry] = await weir.ledger();
  expect(entry).toMatchObject({ basis: 'unknown', outcome: 'deadline_exceeded' });
  expect([...counter.holds]).toEqual([]);
  expect(counter.spentPico).toBe(entry?.costPico);
  expect(counter.spentPico).toBeGreaterThanOrEqual(upstream.bill.totalPico);
});

test('the ledger entry names the hold that stood while the upstream was asked', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  upstream.script(answer({ gate }));
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' }, { remainingMs: 30_000 });
  await gate.reached();
  const holdIds = [...expectBalanced(await weir.budget('haiku')).holds.keys()];
  gate.open();
  const { headers } = await calling;
  const [entry] = await weir.ledger();
  expect(entry?.holdIds).toEqual(holdIds);
  // Expiry first: when the platform kills the process, and a minute.
  const expirySeconds = (weir.clock.nowMs() + 30_000 + 60_000) / 1000;
  expect(holdIds).toEqual([`${expirySeconds.toString(36)}.${headers['x-weir-call-id']}.0`]);
});

test('L4 a ledger entry that cannot be written: the caller has the answer, the hold stands, and an alarm is raised', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  weir.dynamoDb.rules.push({ ...LEDGER_ENTRY, fault: dropRequest });
  const reply = await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  expect(reply.status).toBe(200);
  expect(await weir.ledger()).toEqual([]);
  const counter = expectBalanced(await weir.budget('haiku'));
  expect(counter.spentPico).toBe(0n);
  expect(heldIn(counter)).toBeGreaterThanOrEqual(upstream.bill.totalPico);
  const callId = reply.headers['x-weir-call-id'];
  expect(weir.logged('a call could not be settled; its hold stands')).toMatchObject([{ callId, alarm: 'settlement' }]);
});

test('the ledger entry is written before the counter is settled', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  const bodies = weir.dynamoDb.requests.map(({ body }) => body);
  const entryAt = bodies.findIndex((body) => body.includes('"holdIds"'));
  const settleAt = bodies.findIndex((body) => body.includes(SETTLE));
  expect(entryAt).toBeGreaterThan(-1);
  expect(settleAt).toBeGreaterThan(entryAt);
});

test('L5 a process past its kill time writes its ledger entry and touches no counter', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...LEDGER_ENTRY, fault: holdRequest(gate) });
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' }, { remainingMs: 30_000 });
  await gate.reached();
  await weir.clock.advance(30_000);
  // The reply does not wait for what it cannot wait for.
  expect((await calling).status).toBe(200);
  gate.open();
  await expect.poll(async () => (await weir.ledger()).length).toBe(1);

  expect(weir.dynamoDb.requests.filter(({ body }) => body.includes(SETTLE))).toEqual([]);
  const [entry] = await weir.ledger();
  const counter = expectBalanced(await weir.budget('haiku'));
  expect([...counter.holds.keys()]).toEqual(entry?.holdIds);
  expect([counter.spentPico, entry?.costPico]).toEqual([0n, upstream.bill.totalPico]);
});

test('L5 a process that finds its entry written by a sweeper adds an adjustment and touches no counter', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const ledger = createLedgerStore({
    dynamo: weir.platform.dynamo,
    table: weir.platform.config.tables.ledger,
    log: weir.platform.log,
  });
  const gate = new Gate();
  weir.dynamoDb.rules.push({ ...LEDGER_ENTRY, nth: 1, fault: holdRequest(gate) });
  const calling = serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  await gate.reached();
  const own = entryIn(weir.dynamoDb.requests.find(({ body }) => body.includes('"holdIds"'))?.body);
  const bound = { ...own.attempts[0]!, costPico: 9_999_999_999n, basis: 'unknown' as const };
  const { costPico } = bound;
  const swept: LedgerEntry = { ...own, requestId: 'sweeper', attempts: [bound], costPico, unknownPico: costPico };
  expect(await ledger.record(swept)).toBe('recorded');
  gate.open();
  expect((await calling).status).toBe(200);

  const rows = await weir.ledgerRows();
  expect(rows.map(({ kind }) => kind)).toEqual(['entry', 'adjustment']);
  expect(rows[1]).toMatchObject({
    adjustment: {
      callId: own.callId,
      deltaPico: upstream.bill.totalPico - costPico,
      unknownDeltaPico: -costPico,
      basis: 'exact',
    },
  });
  const spend = await weir.get('finance/spend', {}, { roles: ['finance'] });
  expect(spend.body).toMatchObject({ totalUsd: formatUsd(upstream.bill.totalPico), unknownUsd: '0' });
  expect(weir.dynamoDb.requests.filter(({ body }) => body.includes(SETTLE))).toEqual([]);
  expect([...expectBalanced(await weir.budget('haiku')).holds.keys()]).toEqual(own.holdIds);
});

test('L6 a call recorded twice is recorded once; another truth about it becomes one adjustment, however often it is told', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const ledger = createLedgerStore({
    dynamo: weir.platform.dynamo,
    table: weir.platform.config.tables.ledger,
    log: weir.platform.log,
  });
  await serving(weir, { haiku: haiku() }).post('haiku', { topic: 'rain' });
  const [entry] = await weir.ledger();
  if (!entry) throw new Error('nothing was recorded');

  expect(await ledger.record(entry)).toBe('recorded');
  expect(await weir.ledgerRows()).toHaveLength(1);
  const later = { ...entry, requestId: 'later', costPico: entry.costPico + 5n };
  expect(await ledger.record(later)).toBe('adjusted');
  expect(await ledger.record(later)).toBe('adjusted');
  expect(await ledger.record(entry)).toBe('recorded');
  const rows = await weir.ledgerRows();
  expect(rows.map((row) => (row.kind === 'entry' ? row.entry.costPico : row.adjustment.deltaPico))).toEqual([
    entry.costPico,
    5n,
  ]);
});

/** The entry in the body of a PutItem request. */
function entryIn(body: string | undefined): LedgerEntry {
  const { Item: item } = JSON.parse(body ?? '') as { Item: Record<string, AttributeValue> };
  return fromItem(fromAttributes(item));
}
