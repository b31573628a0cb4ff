import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { heldPico } from '#budgets/hold.ts';
import { reserve } from '#budgets/reservation.ts';
import { chargeOf, chargesFor, settle, settlePiece } from '#budgets/settlement.ts';
import type { FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { requestFor } from '#test/support/request-for.ts';

const SEED = { seed: 20_261_122 };
const amount = fc.bigInt({ min: 0n, max: 10n ** 15n });
const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, pico) => sum + pico, 0n);

/** A hold of 900 over three shards of 334, 333 and 333. */
async function splitHold(fateOf?: FateOf) {
  const budget = monthOf('endpoint:summarize', 1_000n, 3);
  const room = await MemoryBudgets.having([budget], fateOf && { fateOf });
  const outcome = await reserve(room, requestFor(900n, [budget]));
  if (!outcome.granted) throw new Error('refused');
  return { room, budget, reservation: outcome.reservation };
}

test('what pieces are charged is the cost to the pico-dollar, in each budget, however it is split', () => {
  const anyPlaces = fc.array(fc.array(amount, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(anyPlaces, amount, (amounts, costPico) => {
      const places = amounts.map((pieces, budget) => ({
        pieces: pieces.map((pico, shard) => ({
          part: `budget${budget}#${shard}`,
          id: 'hold',
          value: `${pico}|summarize`,
        })),
      }));
      const charges = chargesFor(places, costPico);
      expect(charges.map(({ part }) => part)).toEqual(places.flatMap(({ pieces }) => pieces.map(({ part }) => part)));
      for (const { pieces } of places) {
        const charged = pieces.map((piece) => chargeOf(piece, charges));
        expect(sumOf(charged)).toBe(costPico);
        // Each up to its amount before the next is charged; only the last may be charged above it.
        for (const [at, pico] of charged.slice(0, -1).entries()) {
          const mostPico = heldPico(pieces[at]!.value);
          expect(pico >= 0n && pico <= mostPico).toBe(true);
          if (pico < mostPico) expect(sumOf(charged.slice(at + 1))).toBe(0n);
        }
      }
    }),
    SEED,
  );
});

test('a piece that the charges do not name is worth nothing, also one of another round in the same counter', () => {
  const charges = [{ part: 'endpoint:summarize#2026-11#0', id: 'expiry.call.1', pico: 5n }];
  expect(chargeOf({ part: 'endpoint:summarize#2026-11#0', id: 'expiry.call.1' }, charges)).toBe(5n);
  expect(chargeOf({ part: 'endpoint:summarize#2026-11#0', id: 'expiry.call.0' }, charges)).toBe(0n);
  expect(chargeOf({ part: 'endpoint:summarize#2026-11#1', id: 'expiry.call.1' }, charges)).toBe(0n);
});

test.each([
  [0n, [0n, 0n, 0n]],
  [334n, [334n, 0n, 0n]],
  [400n, [334n, 66n, 0n]],
  [900n, [334n, 333n, 233n]],
  // More than was held: it is charged all the same, and the last counter owes it.
  [1_050n, [334n, 333n, 383n]],
])('a split hold of 900 that cost %s is settled in all of its shards', async (costPico, spent) => {
  const { room, budget, reservation } = await splitHold();
  expect(reservation.places[0]?.pieces.map(({ value }) => heldPico(value))).toEqual([334n, 333n, 233n]);
  expect(await settle(room.parts, reservation, chargesFor(reservation.places, costPico))).toBe(0);
  expect([0, 1, 2].map((shard) => room.shard(budget, shard)[1])).toEqual(spent);
  expect(room.sums(budget)).toEqual([1_000n - costPico, costPico, 0n]);
});

test('one piece of a split hold cannot be reached: the others are settled, and it alone is left to the sweeper', async () => {
  const lost = partKey(monthOf('endpoint:summarize'), 1);
  const { room, budget, reservation } = await splitHold((operation, key) =>
    operation === 'settle' && key === lost ? 'lost' : 'answered',
  );
  const charges = chargesFor(reservation.places, 400n);
  expect(await settle(room.parts, reservation, charges)).toBe(1);
  expect([0, 1, 2].map((shard) => room.shard(budget, shard))).toEqual([
    [0n, 334n, 0n],
    [0n, 0n, 333n],
    [333n, 0n, 0n],
  ]);
  // The sweeper settles it by the same charges.
  const piece = reservation.places[0]!.pieces.find(({ part }) => part === lost);
  await settlePiece(new MemoryBudgets({ over: room }).parts, piece!, chargeOf(piece!, charges));
  expect(room.sums(budget)).toEqual([600n, 400n, 0n]);
});

test('a hold is settled at the value at which it really stands: that of a top-up whose answer never came', async () => {
  const budget = monthOf('endpoint:summarize');
  const room = await MemoryBudgets.having([budget]);
  const piece = { part: partKey(budget, 0), id: 'expiry.call.0', value: '7|summarize' };
  await room.parts.reserve(piece);
  await room.parts.topUp(piece, '50|summarize');
  await settlePiece(room.parts, piece, 20n);
  expect(room.sums(budget)).toEqual([980n, 20n, 0n]);
});

test('what was asked for and never heard of is settled at nothing, wherever it stands', async () => {
  const { room, budget, reservation } = await splitHold();
  const { id } = reservation.places[0]!.pieces[0]!;
  const elsewhere = monthOf('caller:ada');
  await room.book.openAndRead(elsewhere);
  const landed = { part: partKey(elsewhere, 0), id, value: '50|summarize' };
  const lost = { part: partKey(elsewhere, 7), id, value: '50|summarize' };
  await room.parts.reserve(landed);
  const charges = chargesFor(reservation.places, 400n);
  expect(await settle(room.parts, { ...reservation, strays: [landed, lost] }, charges)).toBe(0);
  expect(room.sums(elsewhere)).toEqual([1_000n, 0n, 0n]);
  expect(room.sums(budget)).toEqual([600n, 400n, 0n]);
});

test('a hold whose value changes at every look is not given up in silence: it counts as left', async () => {
  const budget = monthOf('endpoint:summarize');
  const piece = { part: partKey(budget, 0), id: 'expiry.call.0', value: '7|summarize' };
  let pico = 7n;
  const restless: FateOf = (operation, key) => {
    // Another takes and gives between each two of its requests.
    if (operation === 'settle') room.parts.counters.get(key)?.holds.set(piece.id, `${++pico}|summarize`);
    return 'answered';
  };
  const room = await MemoryBudgets.having([budget], { fateOf: restless });
  await room.parts.reserve(piece);
  const place = { budget, pieces: [piece], purses: [] };
  const facts = { ...requestFor(7n, [budget]).facts, round: 0, basePico: 7n, others: [] };
  expect(await settle(room.parts, { amountPico: 7n, facts, places: [place], strays: [] }, [])).toBe(1);
});
