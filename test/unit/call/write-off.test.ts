import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey, partOf, type Budget } from '#budgets/budget.ts';
import { reserve, type Reservation } from '#budgets/reservation.ts';
import { chargeOf, settlePiece } from '#budgets/settlement.ts';
import { topUp } from '#budgets/top-up.ts';
import { writeOff } from '#call/sweep/write-off.ts';
import type { LedgerEntry } from '#ledger/entry.ts';
import { mintCallId } from '#platform/call-id.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { PassingClock } from '#test/support/passing-clock.ts';
import { requestFor } from '#test/support/request-for.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const SWEPT_MS = NOON_MS + 120_000;
const callId = mintCallId(NOON_MS);
const endpoint = monthOf('endpoint:summarize');
const caller = monthOf('caller:ada');
/** From this one purses are drawn. */
const account = monthOf('account', 1_000_000n);
const { signal } = new AbortController();

/** What a sweeper makes of the call, by nothing but what stands. */
const sweep = (room: MemoryBudgets): Promise<LedgerEntry> =>
  writeOff(
    { callId, endpoint: 'summarize', functionName: 'weir-sweep', requestId: 'sweep', nowMs: SWEPT_MS },
    new MemoryBudgets({ over: room }),
  );

async function held(room: MemoryBudgets, amountPico: bigint, budgets: readonly Budget[]): Promise<Reservation> {
  const outcome = await reserve(room, requestFor(amountPico, budgets, { callId }));
  if (!outcome.granted) throw new Error('refused');
  return outcome.reservation;
}

/** What the entry charges to each budget, and for which rounds. */
function chargedTo(entry: LedgerEntry): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const { part, pico } of entry.holds) {
    const { budgetKey } = partOf(part);
    sums[budgetKey] = (sums[budgetKey] ?? 0n) + pico;
  }
  return sums;
}

/** Requests of an operation to a scope's counters meet this fate, the nth ones or all. */
const when =
  (operation: string, scope: string, fate: Fate, nths?: readonly number[]): FateOf =>
  (asked, key, nth) =>
    asked === operation && key.startsWith(`${scope}#`) && (nths?.includes(nth) ?? true) ? fate : 'answered';

test('L5 a round that stands whole in every budget may have been sent: it counts at what it held, as unknown, in each of them', async () => {
  const room = await MemoryBudgets.having([endpoint, caller, account]);
  const { places } = await held(room, 70n, [endpoint, caller, account]);
  const entry = await sweep(room);
  expect(entry).toMatchObject({
    callId,
    endpoint: 'summarize',
    caller: 'ada',
    model: 'gpt-6-luna',
    functionName: 'weir-sweep',
    outcome: 'lost',
    basis: 'unknown',
    costPico: 70n,
    unknownPico: 70n,
    attempts: [{ modelAsked: 'gpt-6-luna', costPico: 70n, basis: 'unknown', outcome: 'lost' }],
    latencyMs: SWEPT_MS - NOON_MS,
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
    const asked = { ...requestFor(70n, [endpoint, caller, account], { callId }), mayGoOn: () => false };
    await expect(reserve(room, asked)).rejects.toThrow('no answer');
    const entry = await sweep(room);
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
  expect(await sweep(room)).toMatchObject({ outcome: 'void', caller: 'unknown', costPico: 0n });
  expect(await sweep(new MemoryBudgets())).toMatchObject({ outcome: 'void', costPico: 0n });
});

test('L5 of several rounds the highest that stands whole counts, and no piece of another', async () => {
  // Round 0: the caller's budget took it and was not heard, and nothing of the round could be released.
  const fateOf: FateOf = (operation, key, nth) =>
    operation === 'settle' ? 'lost' : when('reserve', 'caller:ada', 'unheard', [1])(operation, key, nth);
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf });
  expect((await held(room, 70n, [endpoint, caller])).facts.round).toBe(1);
  for (const budget of [endpoint, caller]) expect(room.sums(budget)[2]).toBe(140n);
  const entry = await sweep(room);
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
  await expect(reserve(room, requestFor(70n, [endpoint, caller], { callId }))).rejects.toThrow('no answer');
  const entry = await sweep(room);
  // Nobody sent it; but by what stands nobody can tell.
  expect(entry).toMatchObject({ outcome: 'lost', costPico: 70n });
  expect(entry.holds.map(({ id }) => id.slice(-2))).toEqual(['.0', '.0']);
});

test('L5 a split hold stands whole when its pieces do, and each is charged its part', async () => {
  const sharded = monthOf('endpoint:summarize', 300n, 3);
  const room = await MemoryBudgets.having([sharded, caller]);
  const { places } = await held(room, 250n, [sharded, caller]);
  expect(places[0]?.pieces).toHaveLength(3);
  const entry = await sweep(room);
  expect(entry.costPico).toBe(250n);
  expect(entry.holds.map(({ pico }) => pico)).toEqual([100n, 100n, 50n, 250n]);
});

test.each([
  ['the endpoint’s month', 0],
  ['another budget', 1],
])('L5 a split hold in %s of which a piece is missing is not whole', async (_, at) => {
  const budgets = [monthOf('endpoint:summarize', 300n, 3), monthOf('caller:ada', 300n, 3)];
  const room = await MemoryBudgets.having(budgets);
  const { places } = await held(room, 250n, budgets);
  await room.parts.settle(places[at]!.pieces[1]!, 0n);
  expect(await sweep(room)).toMatchObject({ outcome: 'void', costPico: 0n, holds: [] });
});

test('L5 a top-up that got half-way: the call counts at what every budget holds, for nothing beyond that was sent', async () => {
  const fateOf = when('topUp', 'caller:ada', 'lost');
  const room = await MemoryBudgets.having([endpoint, caller, account], { fateOf });
  const reservation = await held(room, 70n, [endpoint, caller, account]);
  await expect(topUp(room, reservation, 100n, signal)).rejects.toThrow('no answer');
  expect(room.parts.sums(reservation.places[2]!.purses[0]!.part)[2]).toBe(100n);
  const entry = await sweep(room);
  expect(entry).toMatchObject({ outcome: 'lost', costPico: 70n });
  expect(chargedTo(entry)).toEqual({ [endpoint.key]: 70n, [caller.key]: 70n, [account.key]: 70n });
});

test('L5 a top-up that got through counts in full, also where it took more pieces and another purse', async () => {
  const budgets = [monthOf('endpoint:summarize', 300n, 3), monthOf('caller:ada', 300n, 3), account];
  const room = await MemoryBudgets.having(budgets);
  const reservation = await held(room, 70n, budgets);
  const purse = reservation.places[2]!.purses[0]!;
  const part = room.parts.counters.get(purse.part)!;
  part.holds.set('rival', `${part.availablePico}|summarize`);
  part.availablePico = 0n;
  const outcome = await topUp(room, reservation, 180n, signal);
  expect(outcome.reservation.places.map(({ pieces }) => pieces.length > 1)).toEqual([true, true, true]);
  const entry = await sweep(room);
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
  expect(await sweep(room)).toMatchObject({ outcome: 'void' });
  await held(room, 70n, [endpoint, caller]);
  expect((await sweep(room)).costPico).toBe(70n);
});

/** A life of a call: a hold, and top-ups; its process dies somewhere on the way. */
const life = fc.record({
  amounts: fc
    .array(fc.bigInt({ min: 1n, max: 250n }), { minLength: 1, maxLength: 4 })
    .map((steps) => steps.map((_, at) => steps.slice(0, at + 1).reduce((sum, pico) => sum + pico, 0n))),
  shards: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  accountPico: fc.constantFrom(2_000n, 1_000_000n),
  fates: fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant<Fate>('answered') },
      { weight: 1, arbitrary: fc.constantFrom<Fate>('lost', 'unheard', 'late', 'slow', 'throttled') },
    ),
    { minLength: 30, maxLength: 30 },
  ),
  diesAt: fc.integer({ min: 1, max: 40 }),
  lastOneLands: fc.boolean(),
});

test('L5 wherever a process dies, no less is written off than it may have sent, each budget is charged alike, and nothing stays held', async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(life, async ({ amounts, shards, accountPico, fates, diesAt, lastOneLands }) => {
      const budgets = [
        monthOf('endpoint:summarize', 1_000n, shards[0]),
        monthOf('caller:ada', 1_000n, shards[1]),
        monthOf('account', accountPico),
      ];
      let sent = 0;
      const fateOf: FateOf = () => {
        sent += 1;
        if (sent > diesAt || (sent === diesAt && !lastOneLands)) return 'lost';
        return sent === diesAt ? 'unheard' : fates[sent % fates.length]!;
      };
      const clock = new PassingClock(NOON_MS);
      const room = await MemoryBudgets.having(budgets, { fateOf, clock, random: () => (sent % 7) / 7 });
      let coveredPico = 0n;
      const [first, ...more] = amounts;
      const outcome = await reserve(room, requestFor(first!, budgets, { callId })).catch(() => undefined);
      if (outcome?.granted) {
        // From here on an attempt may have been sent, at up to what is covered.
        coveredPico = first!;
        let { reservation } = outcome;
        for (const amountPico of more) {
          const raised = await topUp(room, reservation, amountPico, signal).catch(() => undefined);
          if (!raised) break;
          ({ reservation } = raised);
          if (raised.granted) coveredPico = amountPico;
        }
      }

      room.fates.landLate();
      const sweeper = new MemoryBudgets({ over: room });
      const entry = await sweep(room);
      ends.add(coveredPico === 0n ? `nothing covered, ${entry.outcome}` : entry.outcome);
      expect(entry.costPico).toBeGreaterThanOrEqual(coveredPico);
      expect(entry.costPico).toBeLessThanOrEqual(amounts.at(-1)!);
      for (const pico of Object.values(chargedTo(entry))) expect(pico).toBe(entry.costPico);
      expect(Object.keys(chargedTo(entry))).toHaveLength(entry.outcome === 'void' ? 0 : 3);

      // Settled by the entry, whatever stands: the counters say what the ledger says, and hold nothing of the call.
      for (const [part, { holds }] of room.parts.counters) {
        for (const [id, value] of holds) {
          if (!id.endsWith('.f'))
            await settlePiece(sweeper.parts, { part, id, value }, chargeOf({ part, id }, entry.holds));
        }
      }
      for (const budget of budgets) {
        const all = [...room.parts.counters.values()].filter(({ key }) => key.startsWith(`${budget.key}#`));
        expect(all.reduce((spent, part) => spent + part.spentPico, 0n)).toBe(entry.costPico);
        const floats = all.flatMap(({ key, holds }) => [...holds].map(([id]) => [key, id] as const));
        expect(floats.filter(([key, id]) => !(key === partKey(budget, 0) && id.endsWith('.f')))).toEqual([]);
      }
    }),
    { seed: 20_261_122, numRuns: 1_500 },
  );
  expect([...ends].sort()).toEqual(['lost', 'nothing covered, lost', 'nothing covered, void']);
});
