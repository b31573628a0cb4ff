import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey, type Budget } from '#budgets/budget.ts';
import { heldPico } from '#budgets/hold.ts';
import { reserve } from '#budgets/reservation.ts';
import { chargesFor, settle } from '#budgets/settlement.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { PassingClock } from '#test/support/passing-clock.ts';
import { requestFor } from '#test/support/request-for.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const LIMIT_PICO = 1_000n;
const endpoint = monthOf('endpoint:summarize', LIMIT_PICO);
const caller = monthOf('caller:ada', LIMIT_PICO);
/** So little that no purse is drawn from it. */
const account = monthOf('account', LIMIT_PICO);
const tight = monthOf('caller:ada', 6n);

const request = (amountPico: bigint, budgets: readonly Budget[] = [endpoint, caller], callId = 'call') =>
  requestFor(amountPico, budgets, { callId });

/** These requests to a scope's counter meet a fate, all others are answered. */
const when =
  (operation: string, scope: string, fate: Fate, nths?: readonly number[]): FateOf =>
  (asked, key, nth) =>
    asked === operation && key.startsWith(`${scope}#`) && (nths?.includes(nth) ?? true) ? fate : 'answered';

test('money is held in every budget under one id, the endpoint’s month first', async () => {
  const room = new MemoryBudgets();
  const { places, facts, amountPico } = await room.hold(7n, [endpoint, caller, account]);
  expect([facts.round, facts.basePico, amountPico]).toEqual([0, 7n, 7n]);
  expect(places.map(({ budget }) => budget.scope)).toEqual(['endpoint:summarize', 'caller:ada', 'account']);
  expect(new Set(places.flatMap(({ pieces }) => pieces.map(({ id }) => id))).size).toBe(1);
  for (const budget of [endpoint, caller, account]) expect(room.sums(budget)).toEqual([993n, 0n, 7n]);
  // Beside the amount: what else the call needed, which only the endpoint's month has to tell.
  expect(places.map(({ pieces }) => pieces[0]?.value)).toEqual([
    '7||ada|gpt-6-luna|cm,am',
    '7|summarize',
    '7|summarize',
  ]);
});

test('one budget refuses: what the others gave is given back, and the refusal names the budget and how it stands', async () => {
  const room = await MemoryBudgets.having([endpoint, tight, account]);
  const outcome = await reserve(room, request(7n, [endpoint, tight, account]));
  expect(outcome).toMatchObject({
    granted: false,
    status: { budget: { scope: 'caller:ada', kind: 'month' }, availablePico: 6n, limitPico: 6n, spentPico: 0n },
    nextRound: 1,
  });
  for (const budget of [endpoint, account]) expect(room.sums(budget)).toEqual([1_000n, 0n, 0n]);
  // A refusal is an answer: there is no second round.
  expect(room.fates.askedFor('reserve')).toHaveLength(3);
});

test('a call that was refused may ask again for less, in a round of its own', async () => {
  const room = await MemoryBudgets.having([endpoint, tight]);
  const refused = await reserve(room, request(7n, [endpoint, tight]));
  if (refused.granted) throw new Error('granted');
  const outcome = await reserve(room, { ...request(6n, [endpoint, tight]), firstRound: refused.nextRound });
  if (!outcome.granted) throw new Error('refused');
  const { facts, places } = outcome.reservation;
  expect([facts.round, facts.basePico]).toEqual([1, 6n]);
  for (const { pieces } of places) expect(pieces).toMatchObject([{ id: expect.stringMatching(/\.1$/) as string }]);
  expect(room.sums(tight)).toEqual([0n, 0n, 6n]);
});

test('a call whose time is over begins no further round', async () => {
  const askedOf = async (mayGoOn: () => boolean) => {
    const room = await MemoryBudgets.having([endpoint], { fateOf: when('reserve', 'endpoint:summarize', 'lost') });
    await expect(reserve(room, { ...request(7n, [endpoint]), mayGoOn })).rejects.toThrow('no answer');
    return room.fates.askedFor('reserve').length;
  };
  expect(await askedOf(() => true)).toBe(3);
  expect(await askedOf(() => false)).toBe(1);
  let looks = 0;
  expect(await askedOf(() => ++looks === 1)).toBe(2);
});

test('L5 a process that is taken for dead asks for nothing, and gives nothing back that the sweeper may have counted', async () => {
  let nowMs = NOON_MS;
  const fateOf: FateOf = (operation, key) => {
    if (operation !== 'reserve' || !key.startsWith('caller:ada#')) return 'answered';
    // It was frozen for longer than it had, and no timer has told it.
    nowMs = NOON_MS + 30_000;
    return 'unheard';
  };
  const clock = { nowMs: () => nowMs, startTimer: () => () => undefined };
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf, clock });
  await expect(reserve(room, request(7n))).rejects.toThrow();
  expect(room.fates.askedFor('settle')).toEqual([]);
  expect(room.fates.askedFor('reserve')).toHaveLength(2);
  for (const budget of [endpoint, caller]) expect(room.sums(budget)).toEqual([993n, 0n, 7n]);
});

test('one budget is silent: the round is given up everywhere, and the next has another id', async () => {
  const fateOf = when('reserve', 'caller:ada', 'unheard', [1]);
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf });
  const { facts, places } = await room.hold(7n, [endpoint, caller]);
  expect(facts.round).toBe(1);
  expect(places.flatMap(({ pieces }) => pieces).every(({ id }) => id.endsWith('.1'))).toBe(true);
  const [ofEndpoint, ofCaller] = [endpoint, caller].map((budget) => partKey(budget, 0));
  expect(room.fates.askedFor('reserve', 'settle')).toEqual([
    `reserve ${ofEndpoint} 0`,
    `reserve ${ofCaller} 0`,
    // Both, for nobody knows whether the silent one took it.
    `settle ${ofEndpoint} 0`,
    `settle ${ofCaller} 0`,
    `reserve ${ofEndpoint} 1`,
    `reserve ${ofCaller} 1`,
  ]);
  for (const budget of [endpoint, caller]) expect(room.sums(budget)).toEqual([993n, 0n, 7n]);
});

test('one budget is silent and another refuses: the answer is the refusal, and the silent one is released too', async () => {
  const fateOf = when('reserve', 'account', 'unheard');
  const room = await MemoryBudgets.having([endpoint, tight, account], { fateOf });
  const outcome = await reserve(room, request(7n, [endpoint, tight, account]));
  expect(outcome).toMatchObject({ granted: false, status: { budget: { scope: 'caller:ada' } } });
  for (const budget of [endpoint, account]) expect(room.sums(budget)).toEqual([1_000n, 0n, 0n]);
});

test('after three rounds that nobody answered in full the error comes through, and nothing is held', async () => {
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf: when('reserve', 'caller:ada', 'unheard') });
  await expect(reserve(room, request(7n))).rejects.toThrow('caller:ada#2026-11#0: no answer');
  expect(room.fates.askedFor('reserve').filter((asked) => asked.includes('caller:ada'))).toHaveLength(3);
  for (const budget of [endpoint, caller]) expect(room.sums(budget)).toEqual([1_000n, 0n, 0n]);
});

test('what cannot be released either stands until it is swept, and the refusal comes through all the same', async () => {
  const room = await MemoryBudgets.having([endpoint, tight], { fateOf: when('settle', 'endpoint:summarize', 'lost') });
  const outcome = await reserve(room, request(7n, [endpoint, tight]));
  expect(outcome).toMatchObject({ granted: false, status: { budget: { scope: 'caller:ada' } } });
  expect(room.sums(endpoint)).toEqual([993n, 0n, 7n]);
});

test('a hold of a lost round that lands late stands under that round’s id, which no entry will name', async () => {
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf: when('reserve', 'caller:ada', 'late', [1]) });
  const reservation = await room.hold(7n, [endpoint, caller]);
  room.fates.landLate();
  expect(room.sums(caller)).toEqual([986n, 0n, 14n]);
  const charges = chargesFor(reservation.places, 5n);
  expect(await settle(room.parts, reservation, charges)).toBe(0);
  const left = [...(room.parts.at(partKey(caller, 0))?.holds.keys() ?? [])];
  expect(left).toEqual([expect.stringMatching(/\.0$/)]);
  expect(charges.map(({ id }) => id)).not.toContain(left[0]);
});

test('a budget that nobody has used yet is opened by the first call, its name in the directory before its money', async () => {
  const room = new MemoryBudgets();
  await room.hold(7n, [endpoint]);
  expect(await room.directory.names('open')).toEqual([endpoint.key]);
  const [named, opened] = [`add ${endpoint.key}`, `open ${partKey(endpoint, 0)}`].map((asked) =>
    room.fates.asked.indexOf(asked),
  );
  expect([named! > -1, opened! > named!]).toEqual([true, true]);

  // Whoever cannot be found must not hold money.
  const unnamed = new MemoryBudgets({ fateOf: (operation) => (operation === 'add' ? 'lost' : 'answered') });
  await expect(reserve(unnamed, request(7n, [endpoint]))).rejects.toThrow('no answer');
  expect(unnamed.parts.counters.size).toBe(0);
});

test('L6 settling is the same five times as once, and tells of holds that it could not reach', async () => {
  const silent = new Set<string>();
  const fateOf: FateOf = (operation, key) => (operation === 'settle' && silent.has(key) ? 'lost' : 'answered');
  const room = await MemoryBudgets.having([endpoint, caller], { fateOf });
  const reservation = await room.hold(7n, [endpoint, caller]);
  silent.add(partKey(caller, 0));
  expect(await room.settleAt(reservation, 3n)).toBe(1);
  expect(room.sums(caller)).toEqual([993n, 0n, 7n]);
  silent.clear();
  for (let again = 0; again < 5; again++) expect(await room.settleAt(reservation, 3n)).toBe(0);
  for (const budget of [endpoint, caller]) expect(room.sums(budget)).toEqual([997n, 3n, 0n]);
});

/** What a run meets: what becomes of its requests in turn, what calls ask for, and how the budgets are made. */
const run = fc.record({
  fates: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constant<Fate>('answered') },
      { weight: 1, arbitrary: fc.constantFrom<Fate>('lost', 'unheard', 'late', 'slow', 'throttled') },
    ),
    { minLength: 40, maxLength: 40 },
  ),
  amounts: fc.array(fc.bigInt({ min: 1n, max: 600n }), { minLength: 1, maxLength: 5 }),
  shards: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  // From the small account calls take directly, from the large one they draw purses.
  accountPico: fc.constantFrom(2_000n, 10_000_000n),
  isOpen: fc.boolean(),
});

test('whatever is lost, unheard, late or throttled: every counter balances, and a grant stands whole in every budget', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(run, async ({ fates, amounts, shards, accountPico, isOpen }) => {
      let turn = 0;
      // Releases are answered: what stands is known then.
      const fateOf: FateOf = (operation) => (operation === 'settle' ? 'answered' : fates[turn++ % fates.length]!);
      const budgets = [
        monthOf('endpoint:summarize', LIMIT_PICO, shards[0]),
        monthOf('caller:ada', LIMIT_PICO, shards[1]),
        monthOf('account', accountPico),
      ];
      const clock = new PassingClock(NOON_MS);
      const random = () => (turn % 7) / 7;
      const room = await MemoryBudgets.having(isOpen ? budgets : [], { fateOf, random, clock });
      const expectAllBalanced = () => {
        for (const key of room.parts.counters.keys()) {
          expect(expectBalanced(room.parts.at(key)).availablePico).toBeGreaterThanOrEqual(0n);
        }
      };
      for (const [call, amountPico] of amounts.entries()) {
        const asked = request(amountPico, budgets, `call${call}`);
        const outcome = await reserve(room, asked).catch(() => undefined);
        expectAllBalanced();
        seen.add(outcome === undefined ? 'no answer' : outcome.granted ? 'granted' : 'refused');
        // What was given up stands nowhere, as far as it could be released.
        const standing = [...room.parts.counters].flatMap(([part, { holds }]) =>
          [...holds.keys()].filter((id) => id.includes(`.call${call}.`)).map((id) => `${part} ${id}`),
        );
        const known = outcome?.granted ? outcome.reservation.places.flatMap((place) => place.pieces) : [];
        expect(standing.sort()).toEqual(known.map(({ part, id }) => `${part} ${id}`).sort());
        if (!outcome?.granted) continue;
        expect(outcome.reservation.places).toHaveLength(3);
        for (const { pieces, purses } of outcome.reservation.places) {
          seen.add(purses.length > 0 ? 'in a purse' : pieces.length > 1 ? 'split' : 'whole');
          expect(pieces.reduce((sum, piece) => sum + heldPico(piece.value), 0n)).toBe(amountPico);
          for (const { part, id, value } of pieces) expect(room.parts.at(part)?.holds.get(id)).toBe(value);
        }
        expect(await room.settleAt(outcome.reservation, amountPico / 2n)).toBe(0);
        room.fates.landLate();
        expectAllBalanced();
      }
    }),
    { seed: 20_261_122, numRuns: 1_000 },
  );
  expect([...seen].sort()).toEqual(['granted', 'in a purse', 'no answer', 'refused', 'split', 'whole']);
});
