import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { heldPico, parsePrimary } from '#budgets/hold.ts';
import type { Reservation } from '#budgets/reservation.ts';
import { topUp } from '#budgets/top-up.ts';
import type { FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';

const endpoint = monthOf('endpoint:summarize');
const caller = monthOf('caller:ada');
/** From this one purses are drawn. */
const account = monthOf('account', 1_000_000n);
const { signal } = new AbortController();

const amounts = ({ places }: Reservation) => places.map(({ pieces }) => pieces.map(({ value }) => heldPico(value)));
/** Somebody else takes all of a counter but so much. */
function leave(room: MemoryBudgets, key: string, pico: bigint): void {
  const part = room.parts.counters.get(key)!;
  part.holds.set('rival', `${part.availablePico - pico}|summarize`);
  part.availablePico = pico;
}

test('a top-up raises the standing hold in every budget, the endpoint’s month last: what that says is held, is held everywhere', async () => {
  const room = await MemoryBudgets.having([endpoint, caller]);
  const reservation = await room.hold(7n, [endpoint, caller]);
  const outcome = await topUp(room, reservation, 20n, signal);
  expect(outcome).toMatchObject({ granted: true, reservation: { amountPico: 20n, strays: [] } });
  expect(amounts(outcome.reservation)).toEqual([[20n], [20n]]);
  expect(room.fates.askedFor('topUp')).toEqual([`topUp ${partKey(caller, 0)} 0`, `topUp ${partKey(endpoint, 0)} 0`]);
  // The id stays, and with it the expiry; the month remembers what the round began with.
  const [piece] = outcome.reservation.places[0]!.pieces;
  expect(piece?.id).toBe(reservation.places[0]?.pieces[0]?.id);
  expect(parsePrimary(piece!.value).basePico).toBe(7n);
  for (const budget of [endpoint, caller]) expect(room.sums(budget)).toEqual([980n, 0n, 20n]);
});

test('one budget refuses: others may stand higher than they need, nothing more is covered, and settlement gives it back', async () => {
  const tight = monthOf('endpoint:summarize', 9n);
  const room = await MemoryBudgets.having([tight, caller]);
  const reservation = await room.hold(7n, [tight, caller]);
  const outcome = await topUp(room, reservation, 10n, signal);
  expect(outcome).toMatchObject({
    granted: false,
    status: { budget: { scope: 'endpoint:summarize' }, availablePico: 2n, heldPico: 7n },
    reservation: { amountPico: 7n },
  });
  expect([room.sums(tight), room.sums(caller)]).toEqual([
    [2n, 0n, 7n],
    [990n, 0n, 10n],
  ]);
  expect(await room.settleAt(outcome.reservation, 5n)).toBe(0);
  expect([room.sums(tight), room.sums(caller)]).toEqual([
    [4n, 5n, 0n],
    [995n, 5n, 0n],
  ]);
});

test('after a refusal the call may want less: what a budget gave for the first try counts for the second', async () => {
  const tight = monthOf('endpoint:summarize', 12n);
  // Enough for the larger try, not for both.
  const narrow = monthOf('caller:ada', 17n);
  const room = await MemoryBudgets.having([tight, narrow]);
  const reservation = await room.hold(7n, [tight, narrow]);
  const refused = await topUp(room, reservation, 15n, signal);
  expect(refused.granted).toBe(false);
  expect(room.sums(narrow)).toEqual([2n, 0n, 15n]);
  const outcome = await topUp(room, refused.reservation, 12n, signal);
  expect(outcome).toMatchObject({ granted: true, reservation: { amountPico: 12n } });
  expect(room.sums(tight)).toEqual([0n, 0n, 12n]);
  // What it gave more stays until the call is settled: to give it back would be one more request.
  expect(room.sums(narrow)).toEqual([2n, 0n, 15n]);
  expect(await room.settleAt(outcome.reservation, 11n)).toBe(0);
  for (const budget of [tight, narrow]) expect(room.sums(budget).slice(1)).toEqual([11n, 0n]);
});

test('the shard of a hold has no more: one more piece is taken in another, under the same id', async () => {
  const sharded = monthOf('endpoint:summarize', 1_000n, 2);
  const room = await MemoryBudgets.having([sharded, caller]);
  const reservation = await room.hold(7n, [sharded, caller]);
  leave(room, partKey(sharded, 0), 3n);
  const outcome = await topUp(room, reservation, 20n, signal);
  expect(amounts(outcome.reservation)).toEqual([[7n, 13n], [20n]]);
  const pieces = outcome.reservation.places[0]!.pieces;
  expect(pieces.map(({ part }) => part)).toEqual([partKey(sharded, 0), partKey(sharded, 1)]);
  expect(new Set(pieces.map(({ id }) => id)).size).toBe(1);
  // Each says what the round began with, so that a sweeper can tell whether it stands whole.
  for (const { value } of pieces) expect(parsePrimary(value).basePico).toBe(7n);
  expect(await room.settleAt(outcome.reservation, 15n)).toBe(0);
  expect([room.shard(sharded, 0)[1], room.shard(sharded, 1)[1]]).toEqual([7n, 8n]);
  expect(room.sums(caller)).toEqual([985n, 15n, 0n]);
});

test('a split hold is raised in whichever of its shards has enough', async () => {
  const sharded = monthOf('endpoint:summarize', 300n, 3);
  const room = await MemoryBudgets.having([sharded]);
  const reservation = await room.hold(250n, [sharded]);
  expect(amounts(reservation)).toEqual([[100n, 100n, 50n]]);
  const outcome = await topUp(room, reservation, 290n, signal);
  expect(amounts(outcome.reservation)).toEqual([[100n, 100n, 90n]]);
});

test('a frozen shard raises nothing: more is taken from another', async () => {
  const sharded = monthOf('endpoint:summarize', 1_000n, 2);
  const room = await MemoryBudgets.having([sharded]);
  const reservation = await room.hold(7n, [sharded]);
  await room.parts.freeze(partKey(sharded, 0), 1);
  const outcome = await topUp(room, reservation, 20n, signal);
  expect(amounts(outcome.reservation)).toEqual([[7n, 13n]]);
  expect(outcome.reservation.places[0]?.pieces[1]?.part).toBe(partKey(sharded, 1));
});

test('a purse without enough: another is drawn for the rest, and the endpoint’s month, written last, names both', async () => {
  const room = await MemoryBudgets.having([endpoint, account]);
  const reservation = await room.hold(7n, [endpoint, account]);
  const [first] = reservation.places[1]!.purses;
  expect(parsePrimary(reservation.places[0]!.pieces[0]!.value).others).toEqual([{ code: 'am', purses: [first?.id] }]);
  leave(room, first!.part, 3n);
  const outcome = await topUp(room, reservation, 20n, signal);
  expect(amounts(outcome.reservation)).toEqual([[20n], [7n, 13n]]);
  const [place, inAccount] = outcome.reservation.places;
  const purses = inAccount!.purses.map(({ id }) => id);
  expect([purses.length, purses[0]]).toEqual([2, first?.id]);
  expect(inAccount?.pieces.map(({ part }) => part)).toEqual(purses.map((purse) => partKey(account, purse)));
  // Whoever finds the call dead must find both.
  expect(parsePrimary(place!.pieces[0]!.value).others).toEqual([{ code: 'am', purses }]);
  expect(room.parts.at(partKey(endpoint, 0))?.holds.get(place!.pieces[0]!.id)).toBe(place?.pieces[0]?.value);
  const lastWrite = room.fates.askedFor('topUp', 'reserve').at(-1);
  expect(lastWrite).toBe(`topUp ${partKey(endpoint, 0)} 0`);

  expect(await room.settleAt(outcome.reservation, 15n)).toBe(0);
  expect(purses.map((purse) => room.parts.sums(partKey(account, purse))[1])).toEqual([7n, 8n]);
});

test('a purse without enough and too little left for another: the rest is taken from the shard itself', async () => {
  const room = await MemoryBudgets.having([endpoint, account]);
  const reservation = await room.hold(7n, [endpoint, account]);
  const [first] = reservation.places[1]!.purses;
  leave(room, first!.part, 3n);
  leave(room, partKey(account, 0), 500n);
  const outcome = await topUp(room, reservation, 20n, signal);
  expect(amounts(outcome.reservation)).toEqual([[20n], [7n, 13n]]);
  expect(outcome.reservation.places[1]?.pieces[1]?.part).toBe(partKey(account, 0));
  expect(parsePrimary(outcome.reservation.places[0]!.pieces[0]!.value).others).toEqual([
    { code: 'am', purses: [first?.id] },
  ]);
});

test('a top-up that nobody answers is an error; what landed of it is settled at the value that it really has', async () => {
  for (const fate of ['lost', 'unheard', 'late', 'throttled'] as const) {
    const fateOf: FateOf = (operation, key) =>
      operation === 'topUp' && key === partKey(endpoint, 0) ? fate : 'answered';
    const room = await MemoryBudgets.having([endpoint, caller], { fateOf });
    const reservation = await room.hold(7n, [endpoint, caller]);
    await expect(topUp(room, reservation, 20n, signal)).rejects.toThrow();
    expect(await room.settleAt(reservation, 5n)).toBe(0);
    room.fates.landLate();
    for (const budget of [endpoint, caller]) expect(room.sums(budget)).toEqual([995n, 5n, 0n]);
  }
});

test('several top-ups follow one another, whichever budgets have been raised before', async () => {
  const sharded = monthOf('caller:ada', 200n, 4);
  const room = await MemoryBudgets.having([endpoint, sharded, account]);
  let reservation = await room.hold(10n, [endpoint, sharded, account]);
  for (const amountPico of [40n, 75n, 130n, 199n]) {
    const outcome = await topUp(room, reservation, amountPico, signal);
    expect(outcome.granted).toBe(true);
    ({ reservation } = outcome);
    for (const pieces of amounts(reservation)) expect(pieces.reduce((sum, pico) => sum + pico, 0n)).toBe(amountPico);
    for (const { part, id, value } of reservation.places.flatMap(({ pieces }) => pieces)) {
      expect(room.parts.at(part)?.holds.get(id)).toBe(value);
    }
  }
  expect(await room.settleAt(reservation, 150n)).toBe(0);
  for (const budget of [endpoint, sharded]) expect(room.sums(budget).slice(1)).toEqual([150n, 0n]);
});
