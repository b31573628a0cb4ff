import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { changeBudget } from '#budgets/change.ts';
import { floatsIn } from '#budgets/purses.ts';
import { reserve } from '#budgets/reservation.ts';
import { CHANGES, expectChanged, usedBudget, wanted } from '#test/support/changed-budget.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { requestFor } from '#test/support/request-for.ts';

test.each(CHANGES)(
  'a limit is %s (from %i shards to a limit of %s in %i): it holds at once, and every sum is kept',
  async (...[, from, limitPico, shards]) => {
    const { room, calls } = await usedBudget(from);
    const budget = wanted(limitPico, shards);
    expect(await changeBudget(budget, room)).toBe('changed');
    expectChanged(room, budget);
    expect(room.sums(budget)).toEqual([limitPico - 600n, 300n, 300n]);

    // What may still be held is what is left, to the last pico-dollar, over however many shards.
    const leftPico = limitPico - 600n;
    const over = await reserve(room, requestFor(leftPico > 0n ? leftPico + 1n : 1n, [budget], { callId: 'over it' }));
    expect(over).toMatchObject({ granted: false, status: { limitPico, availablePico: leftPico } });
    if (leftPico > 0n) calls.push(await room.hold(leftPico, [budget], { callId: 'the rest' }));

    // Calls that began before end as they would have.
    for (const call of calls) expect(await room.settleAt(call, 50n)).toBe(0);
    expect(room.sums(budget)).toEqual([
      limitPico - 300n - 50n * BigInt(calls.length),
      300n + 50n * BigInt(calls.length),
      0n,
    ]);
  },
);

test('a debt is worked off: what comes back is usable once there is enough, and the change is made again', async () => {
  const { room, budget, calls } = await usedBudget(4);
  await changeBudget(wanted(400n, 4), room);
  expect(await reserve(room, requestFor(1n, [budget], { callId: 'early' }))).toMatchObject({
    granted: false,
    status: { availablePico: -200n, usablePico: 0n },
  });
  // 300 come back of the 300 that were held: 100 are left.
  for (const call of calls) await room.settleAt(call, 0n);
  expect(await changeBudget(wanted(400n, 4), room)).toBe('changed');
  expectChanged(room, wanted(400n, 4));
  expect(room.sums(budget)).toEqual([100n, 300n, 0n]);
  await room.hold(100n, [budget], { callId: 'late' });
});

test('money that comes back to a retired shard is moved to those in use by a change to the same', async () => {
  const { room, budget, calls } = await usedBudget(4);
  const two = wanted(1_000n, 2);
  await changeBudget(two, room);
  for (const call of calls) await room.settleAt(call, 0n);
  const retired = [2, 3].map((shard) => room.shard(budget, shard)[0]);
  expect(retired.some((pico) => pico > 0n)).toBe(true);
  await changeBudget(two, room);
  expectChanged(room, two);
  await room.hold(700n, [budget], { callId: 'all of it' });
});

test('older settings do not hold against newer ones, whoever comes last', async () => {
  const { room } = await usedBudget(4);
  const newer = wanted(2_000n, 4, 7);
  expect(await changeBudget(newer, room)).toBe('changed');
  expect(await changeBudget(wanted(5_000n, 1, 6), room)).toBe('superseded');
  expectChanged(room, newer);
  expect(await changeBudget(wanted(3_000n, 2, 7), room)).toBe('changed');
  expectChanged(room, wanted(3_000n, 2, 7));
});

test('a limit lowered below what is spent recalls the purses too: nothing more is held in them', async () => {
  const account = monthOf('account', 1_000_000n);
  const room = await MemoryBudgets.having([account]);
  const outcome = await reserve(room, requestFor(10n, [account]));
  if (!outcome.granted) throw new Error('refused');
  const [purse] = outcome.reservation.places[0]!.purses;
  await changeBudget({ ...account, limitPico: 5n, source: 1 }, room);
  expect(room.parts.at(purse!.part)?.frozen).toBeDefined();
  expect(await reserve(room, requestFor(1n, [account], { callId: 'next' }))).toMatchObject({
    granted: false,
    status: { budget: { scope: 'account' }, limitPico: 5n },
  });
  // The call that held in it ends as it would have, and the rest comes back.
  expect(await room.settleAt(outcome.reservation, 4n)).toBe(0);
  expect(floatsIn(room.parts.at(partKey(account, 0))!)).toHaveLength(1);
});

test('a limit lowered to more than is spent leaves the purses alone', async () => {
  const account = monthOf('account', 1_000_000n);
  const room = await MemoryBudgets.having([account]);
  const outcome = await reserve(room, requestFor(10n, [account]));
  if (!outcome.granted) throw new Error('refused');
  const [purse] = outcome.reservation.places[0]!.purses;
  await changeBudget({ ...account, limitPico: 500_000n, source: 1 }, room);
  expect(room.parts.at(purse!.part)?.frozen).toBeUndefined();
  const next = await reserve(room, requestFor(10n, [account], { callId: 'next' }));
  expect(next).toMatchObject({ granted: true, reservation: { places: [{ purses: [{ id: purse?.id }] }] } });
});
