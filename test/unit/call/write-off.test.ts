import { expect, test } from 'vitest';
import type { Budget } from '#budgets/budget.ts';
import { reserve } from '#budgets/reservation.ts';
import { topUp } from '#budgets/top-up.ts';
import { writeOff } from '#call/sweep/write-off.ts';
import { mintCallId } from '#platform/call-id.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { chargedTo, lostCallId, writeOffLost } from '#test/support/lost-call.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { requestFor } from '#test/support/request-for.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const endpoint = monthOf('endpoint:summarize');
const caller = monthOf('caller:ada');
/** From this one purses are drawn. */
const account = monthOf('account', 1_000_000n);
const { signal } = new AbortController();

/** Requests of an operation to a scope's counters meet this fate, the nth ones or all. */
const when =
  (operation: string, scope: string, fate: Fate, nths?: readonly number[]): FateOf =>
  (asked, key, nth) =>
    asked === operation && key.startsWith(`${scope}#`) && (nths?.includes(nth) ?? true) ? fate : 'answered';

test('L5 a round that stands whole in every budget may have been sent: it counts at what it held, as unknown, in each of them', async () => {
  const room = await MemoryBudgets.having([endpoint, caller, account]);
  const { places } = await room.hold(70n, [endpoint, caller, account], { callId: lostCallId });
  const entry = await writeOffLost(room);
  expect(entry).toMatchObject({
    callId: lostCallId,
    endpoint: 'summarize',
    caller: 'ada',
    model: 'gpt-6-luna',
    functionName: 'weir-sweep',
    outcome: 'lost',
    basis: 'unknown',
    costPico: 70n,
    unknownPico: 70n,
    attempts: [{ modelAsked: 'gpt-6-luna', costPico: 70n, basis: 'unknown', outcome: 'lost' }],
    latencyMs: 120_000,
  });
  expect(chargedTo(entry)).toEqual({ [endpoint.key]: 70n, [caller.key]: 70n, [account.key]: 70n });
  expect(entry.holds.map(({ part, id }) => ({ part, id }))).toEqual(
    places.flatMap(({ pieces }) => pieces.map(({ part, id }) => ({ part, id }))),
  );
});

test.each(['endpoint:summarize', 'caller:ada', 'account'])(
  'L5 a round that does not stand in %s was not sent: nothing is charged, and the entry says void',
  async (scope) => {
    // The process dies as it learns that one budget did not answer: nothing is released.
    const fateOf: FateOf = (operation, key) =>
      operation === 'settle' ? 'lost' : when('reserve', scope, 'lost')(operation, key, 1);
    const room = await MemoryBudgets.having([endpoint, caller, account], { fateOf });
    const asked = { ...requestFor(70n, [endpoint, caller, account], { callId: lostCallId }), mayGoOn: () => false };
    await expect(reserve(room, asked)).rejects.toThrow('no answer');
    const entry = await writeOffLost(room);
    expect(entry).toMatchObject({
      outcome: 'void',
      basis: 'exact',
      costPico: 0n,
      unknownPico: 0n,
      attempts: [],
      holds: [],
    });
    // As far as anything is known of it.
    expect(entry.caller).toBe(scope === 'endpoint:summarize' ? 'unknown' : 'ada');
  },
);

test('L5 a call of which nothing stands any more is void', async () => {
  const room = await MemoryBudgets.having([endpoint]);
  expect(await writeOffLost(room)).toMatchObject({ outcome: 'void', caller: 'unknown', costPico: 0n });
  expect(await writeOffLost(new MemoryBudgets())).toMatchObject({ outcome: 'void', costPico: 0n });
});

test('L5 of several rounds the highest that stands whole counts, and no piece of another', async () => {
  // Round 0: the caller's budget took it and was not heard, and nothing of the round could be released.
  const fateOf: FateOf = (operation, key, nth) =>
    operation === 'settle' ? 'lost' : when('reserve', 'caller:ada', 'unheard', [1])(operation, key, nth);
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf });
  expect((await room.hold(70n, [endpoint, caller], { callId: lostCallId })).facts.round).toBe(1);
  for (const budget of [endpoint, caller]) expect(room.sums(budget)[2]).toBe(140n);
  const entry = await writeOffLost(room);
  expect(entry.costPico).toBe(70n);
  expect(entry.holds.map(({ id }) => id.slice(-2))).toEqual(['.1', '.1']);
});

test('L5 a higher round that is not whole does not hide a lower one that is', async () => {
  let rounds = 0;
  const fateOf: FateOf = (operation, key) => {
    if (operation === 'settle') return 'lost';
    if (operation !== 'reserve' || !key.startsWith('caller:ada#')) return 'answered';
    rounds += 1;
    return rounds === 1 ? 'unheard' : 'lost';
  };
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf });
  await expect(reserve(room, requestFor(70n, [endpoint, caller], { callId: lostCallId }))).rejects.toThrow('no answer');
  const entry = await writeOffLost(room);
  // Nobody sent it; but by what stands nobody can tell.
  expect(entry).toMatchObject({ outcome: 'lost', costPico: 70n });
  expect(entry.holds.map(({ id }) => id.slice(-2))).toEqual(['.0', '.0']);
});

test('L5 a split hold stands whole when its pieces do, and each is charged its part', async () => {
  const sharded = monthOf('endpoint:summarize', 300n, 3);
  const room = await MemoryBudgets.having([sharded, caller]);
  const { places } = await room.hold(250n, [sharded, caller], { callId: lostCallId });
  expect(places[0]?.pieces).toHaveLength(3);
  const entry = await writeOffLost(room);
  expect(entry.costPico).toBe(250n);
  expect(entry.holds.map(({ pico }) => pico)).toEqual([100n, 100n, 50n, 250n]);
});

test.each([
  ['the endpoint’s month', 0],
  ['another budget', 1],
])('L5 a split hold in %s of which a piece is missing is not whole', async (_, at) => {
  const budgets = [monthOf('endpoint:summarize', 300n, 3), monthOf('caller:ada', 300n, 3)];
  const room = await MemoryBudgets.having(budgets);
  const { places } = await room.hold(250n, budgets, { callId: lostCallId });
  await room.parts.settle(places[at]!.pieces[1]!, 0n);
  expect(await writeOffLost(room)).toMatchObject({ outcome: 'void', costPico: 0n, holds: [] });
});

test('L5 a top-up that got half-way: the call counts at what every budget holds, for nothing beyond that was sent', async () => {
  const fateOf = when('topUp', 'caller:ada', 'lost');
  const room = await MemoryBudgets.having([endpoint, caller, account], { fateOf });
  const reservation = await room.hold(70n, [endpoint, caller, account], { callId: lostCallId });
  await expect(topUp(room, reservation, 100n, signal)).rejects.toThrow('no answer');
  expect(room.parts.sums(reservation.places[2]!.purses[0]!.part)[2]).toBe(100n);
  const entry = await writeOffLost(room);
  expect(entry).toMatchObject({ outcome: 'lost', costPico: 70n });
  expect(chargedTo(entry)).toEqual({ [endpoint.key]: 70n, [caller.key]: 70n, [account.key]: 70n });
});

test('L5 a top-up that got through counts in full, also where it took more pieces and another purse', async () => {
  const budgets = [monthOf('endpoint:summarize', 300n, 3), monthOf('caller:ada', 300n, 3), account];
  const room = await MemoryBudgets.having(budgets);
  const reservation = await room.hold(70n, budgets, { callId: lostCallId });
  const purse = reservation.places[2]!.purses[0]!;
  const part = room.parts.counters.get(purse.part)!;
  part.holds.set('rival', `${part.availablePico}|summarize`);
  part.availablePico = 0n;
  const outcome = await topUp(room, reservation, 180n, signal);
  expect(outcome.reservation.places.map(({ pieces }) => pieces.length > 1)).toEqual([true, true, true]);
  const entry = await writeOffLost(room);
  expect(entry).toMatchObject({ outcome: 'lost', costPico: 180n });
  expect(Object.values(chargedTo(entry))).toEqual([180n, 180n, 180n]);
});

test('L5 the holds of a call are looked for in the windows in which it was minted, however late it is swept', async () => {
  const minted = mintCallId(Date.UTC(2026, 10, 30, 23, 59, 59, 999));
  const day: Budget = { ...caller, kind: 'day', window: '2026-11-30', key: 'caller:ada#2026-11-30' };
  const room = await MemoryBudgets.having([endpoint, day]);
  const outcome = await reserve(room, requestFor(70n, [endpoint, day], { callId: minted }));
  expect(outcome.granted).toBe(true);
  const lost = { callId: minted, endpoint: 'summarize', functionName: 'weir-sweep', requestId: 'sweep' };
  const entry = await writeOff({ ...lost, nowMs: Date.UTC(2026, 11, 2) }, room);
  expect(chargedTo(entry)).toEqual({ [endpoint.key]: 70n, [day.key]: 70n });
});

test('L5 holds of other calls are nobody’s business', async () => {
  const room = await MemoryBudgets.having([endpoint, caller]);
  await reserve(room, requestFor(40n, [endpoint, caller], { callId: mintCallId(NOON_MS) }));
  expect(await writeOffLost(room)).toMatchObject({ outcome: 'void' });
  await room.hold(70n, [endpoint, caller], { callId: lostCallId });
  expect((await writeOffLost(room)).costPico).toBe(70n);
});
