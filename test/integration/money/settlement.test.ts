import { expect, test } from 'vitest';
import { createBudgets } from '#budgets/budgets.ts';
import { heldIn } from '#budgets/part.ts';
import { chargesFor } from '#budgets/settlement.ts';
import { fromItem } from '#ledger/entry-item.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { createLedgerStore } from '#ledger/ledger-store.ts';
import { fromAttributes, type AttributeValue } from '#platform/aws/attributes.ts';
import type { Clock } from '#platform/clock.ts';
import { mintCallId } from '#platform/call-id.ts';
import { formatUsd } from '#platform/money.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { dropRequest, holdRequest } from '#test/support/fault-proxy.ts';
import { haiku, serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { badRequest, serverError } from '#test/support/scripted-failures.ts';
import { answer, hang, resetAfterBilling } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';

const LEDGER_ENTRY = { operation: 'PutItem', bodyIncludes: '"attempts"' };
const SETTLE = ':heldMinusActual';

/** A counter of 1,000, of which 100 are held. */
async function holdHundred(weir: Weir<Clock>) {
  const { dynamo, config, clock, random } = weir.platform;
  const budgets = createBudgets({ dynamo, table: config.tables.budgets, clock, random });
  const atMs = weir.clock.nowMs();
  const callId = mintCallId(atMs);
  const request = {
    spec: { limitsPico: { month: 1_000n }, shards: 1 },
    amountPico: 100n,
    atMs,
    facts: { callId, killAtMs: atMs + 30_000, endpoint: 'one', caller: 'ada', model: 'gpt-6-luna' },
    signal: new AbortController().signal,
    mayGoOn: () => true,
  };
  const outcome = await budgets.reserve(request);
  if (!outcome.granted) throw new Error('nothing was held');
  const { reservation } = outcome;
  const settle = (costPico: bigint) => budgets.settle(reservation, chargesFor(reservation.places, costPico));
  return { budgets, request, settle };
}

test('L6 settling five times, at once and one after the other, changes nothing after the first', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { settle } = await holdHundred(weir);

  expect(await Promise.all(Array.from({ length: 5 }, () => settle(30n)))).toEqual([0, 0, 0, 0, 0]);
  for (let again = 0; again < 5; again++) expect(await settle(30n)).toBe(0);
  const state = expectBalanced(await weir.budget('one'));
  expect(state).toMatchObject({ availablePico: 970n, spentPico: 30n });
  expect([...state.holds]).toEqual([]);
});

test('settling charges the actual cost even above the hold, and the counter may turn negative', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const { budgets, request, settle } = await holdHundred(weir);
  await settle(1_200n);
  expect(expectBalanced(await weir.budget('one'))).toMatchObject({ availablePico: -200n, spentPico: 1_200n });
  const another = { ...request.facts, callId: mintCallId(request.atMs) };
  expect(await budgets.reserve({ ...request, amountPico: 1n, facts: another })).toMatchObject({
    granted: false,
    status: { availablePico: -200n, spentPico: 1_200n },
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
  const counter = expectBalanced(await weir.budget('haiku'));
  const holdIds = [...counter.holds.keys()];
  gate.open();
  const { headers } = await calling;
  const [entry] = await weir.ledger();
  expect(entry?.holds).toEqual([{ part: counter.key, id: holdIds[0], pico: entry?.costPico }]);
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
  const entryAt = bodies.findIndex((body) => body.includes('"attempts"'));
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
  expect([...counter.holds.keys()]).toEqual(entry?.holds.map(({ id }) => id));
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
  const own = entryIn(weir.dynamoDb.requests.find(({ body }) => body.includes('"attempts"'))?.body);
  const bound = { ...own.attempts[0]!, costPico: 9_999_999_999n, basis: 'unknown' as const };
  const { costPico } = bound;
  const swept: LedgerEntry = { ...own, requestId: 'sweeper', attempts: [bound], costPico, unknownPico: costPico };
  expect(await ledger.record(swept)).toEqual({});
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
  expect([...expectBalanced(await weir.budget('haiku')).holds.keys()]).toEqual(own.holds.map(({ id }) => id));
  // Told to the sweeper before the row is written: a row that nobody looks for would never reach the counters.
  expect(await weir.budgetStores.directory.names('late')).toEqual([`haiku#${own.callId}`]);
  const told = weir.dynamoDb.requests.findIndex(
    ({ body }) => body.includes('ADD listed :name') && body.includes(own.callId),
  );
  const rowPut = weir.dynamoDb.requests.findIndex(({ body }) => body.includes('"deltaPico"'));
  expect([told > -1, rowPut > told]).toEqual([true, true]);
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

  expect(await ledger.record(entry)).toEqual({});
  expect(await weir.ledgerRows()).toHaveLength(1);
  const later = { ...entry, requestId: 'later', costPico: entry.costPico + 5n };
  for (let again = 0; again < 2; again++) {
    const { adjustment } = await ledger.record(later);
    expect(adjustment).toMatchObject({ callId: entry.callId, deltaPico: 5n });
    await ledger.adjust(adjustment!);
  }
  expect(await ledger.record(entry)).toEqual({});
  expect(await ledger.find('haiku', entry.callId)).toMatchObject({ entry, adjustment: { deltaPico: 5n } });
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
