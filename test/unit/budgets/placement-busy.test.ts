import { expect, test } from 'vitest';
import type { Piece } from '#budgets/hold.ts';
import { BudgetBusy } from '#budgets/placement.ts';
import { reserve } from '#budgets/reservation.ts';
import { isThrottled } from '#platform/aws/signed-service.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import type { FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { requestFor } from '#test/support/request-for.ts';
import { amountsOf, havingLeft, placed, shard, sharded, taking } from '#test/support/sharded-budget.ts';

test('a throttled shard has answered: another is asked, and the busy one is not even asked to release', async () => {
  const fateOf: FateOf = (operation, key) => (operation === 'reserve' && key === shard(0) ? 'throttled' : 'answered');
  const room = await havingLeft([100n, 100n, 100n, 100n], { fateOf });
  const asked: Piece[] = [];
  const taken = await placed(room, taking(60n, { asked }));
  expect(taken[0]?.[0]).not.toBe(shard(0));
  expect(amountsOf(asked)).toEqual(taken);
  expect(room.fates.askedFor('settle')).toEqual([]);
  expect(room.sums(sharded)).toEqual([340n, 0n, 60n]);
});

test('two shards throttled: nobody can say whether it fits, so it is an error and not a refusal; no third is troubled', async () => {
  const fateOf: FateOf = (operation) => (operation === 'reserve' ? 'throttled' : 'answered');
  const room = await havingLeft([100n, 100n, 100n, 100n], { fateOf });
  const asked: Piece[] = [];
  await expect(room.placement.take(taking(60n, { asked }))).rejects.toThrow(BudgetBusy);
  expect(room.fates.askedFor('reserve')).toHaveLength(2);
  expect(asked).toEqual([]);
  expect(room.sums(sharded)).toEqual([400n, 0n, 0n]);
});

test('a budget that is too busy ends the call: whoever comes back again and again would keep settlements out', async () => {
  const fateOf: FateOf = (operation, key) =>
    operation === 'reserve' && key.startsWith(sharded.key) ? 'throttled' : 'answered';
  const room = await havingLeft([100n, 100n, 100n, 100n], { fateOf });
  const caller = monthOf('caller:ada');
  await room.book.openAndRead(caller);
  await expect(reserve(room, requestFor(60n, [sharded, caller]))).rejects.toThrow(BudgetBusy);
  expect(room.fates.askedFor('reserve').filter((each) => each.includes(sharded.key))).toHaveLength(2);
  // What another budget gave is given back.
  expect(room.sums(caller)).toEqual([1_000n, 0n, 0n]);
});

test('a budget of many shards that has refused is not read whole by every call of the next second', async () => {
  const many = monthOf('endpoint:summarize', 400n, 20);
  const room = await MemoryBudgets.having([many]);
  const refused = await room.placement.take(taking(401n, { budget: many }));
  expect(refused).toMatchObject({ granted: false, status: { availablePico: 400n } });
  room.fates.asked.length = 0;
  expect(await room.placement.take(taking(402n, { budget: many }))).toEqual(refused);
  const looks = room.fates.asked.length;
  expect(looks).toBeLessThan(20);
  expect(room.fates.askedFor('read')).toHaveLength(looks);
  // What it had is enough for less: that is not refused by hearsay.
  const less = taking(390n, { budget: many, id: 'expiry.less.0' });
  expect(await room.placement.take(less)).toMatchObject({ granted: true });
});

test('many shards: what has come back to those that are looked at is found within the second', async () => {
  const many = monthOf('endpoint:summarize', 400n, 20);
  const room = await MemoryBudgets.having([many]);
  const all = await placed(room, taking(400n, { budget: many, id: 'expiry.all.0' }));
  expect(await room.placement.take(taking(15n, { budget: many }))).toMatchObject({ granted: false });
  const [[part, pico] = ['', 0n]] = all;
  await room.parts.settle({ part, id: 'expiry.all.0', value: `${pico}|summarize` }, 0n);
  expect(await placed(room, taking(15n, { budget: many }))).toEqual([[part, 15n]]);
});

test('a frozen shard is passed over, and one that is known to be is not even asked', async () => {
  const room = await havingLeft([100n, 100n, 70n, 10n]);
  await room.parts.freeze(shard(0), 1);
  await room.parts.freeze(shard(1), 1);
  expect(await placed(room, taking(60n))).toEqual([[shard(2), 60n]]);
  // The first without a look.
  expect(room.fates.askedFor('reserve')).toEqual([`reserve ${shard(0)} 0`, `reserve ${shard(2)} 0`]);
});

test('the money lies in frozen shards: it is waited for, and taken as they thaw', async () => {
  let looks = 0;
  const fateOf: FateOf = (operation, key) => {
    if (operation === 'read' && key === shard(0) && ++looks === 3) delete room.parts.counters.get(shard(2))!.frozen;
    return 'answered';
  };
  const room = await havingLeft([10n, 10n, 100n, 10n], { fateOf });
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  expect(await placed(room, taking(60n))).toEqual([[shard(2), 60n]]);
  expect(looks).toBe(3);
});

test('the money lies in frozen shards that do not thaw: an error, for it may be there in a moment', async () => {
  const room = await havingLeft([100n, 100n, 100n, 100n]);
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  await expect(room.placement.take(taking(60n))).rejects.toThrow('changes faster than it can be read');
  expect(room.sums(sharded)).toEqual([400n, 0n, 0n]);
});

test('frozen shards that have not enough even together are not waited for: a refusal', async () => {
  const room = await havingLeft([10n, 10n, 10n, 10n]);
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  expect(await room.placement.take(taking(60n))).toMatchObject({
    granted: false,
    status: { availablePico: 40n, usablePico: 0n },
  });
});

test('a wait for money that moves ends with the call', async () => {
  const room = await havingLeft([100n, 100n, 100n, 100n], { random: () => 0.5 });
  for (const number of [0, 1, 2, 3]) await room.parts.freeze(shard(number), 1);
  const controller = new AbortController();
  const taken = room.placement.take(taking(60n, { signal: controller.signal }));
  controller.abort(new Error('the deadline'));
  await expect(taken).rejects.toThrow('the deadline');
});

test('after a refusal an environment looks before it asks, for a second: a refused write costs as much as one that is granted', async () => {
  const clock = new FakeClock();
  const room = await havingLeft([10n, 10n, 10n, 10n], { clock });
  expect(await room.placement.take(taking(60n))).toMatchObject({ granted: false });
  room.fates.asked.length = 0;

  await clock.advance(999);
  expect(await room.placement.take(taking(60n))).toMatchObject({ granted: false });
  expect(room.fates.askedFor('reserve')).toEqual([]);
  // What has come back meanwhile is found.
  await room.parts.settle({ part: shard(3), id: 'rival', value: '90|summarize' }, 0n);
  expect(await placed(room, taking(60n))).toEqual([[shard(3), 60n]]);
  expect(room.fates.askedFor('reserve')).toEqual([`reserve ${shard(3)} 0`]);

  // A second after the last refusal the own shard is asked straight away again.
  await clock.advance(1_000);
  room.fates.asked.length = 0;
  expect(await room.placement.take(taking(5n, { id: 'expiry.later.0' }))).toMatchObject({ granted: true });
  expect(room.fates.asked).toEqual([`reserve ${shard(0)} 0`]);
});

test('too busy to be read just after it refused, a budget refuses as it did; later, or for less than it had, it is an error', async () => {
  const clock = new FakeClock();
  let isBusy = false;
  const fateOf: FateOf = (operation) => (isBusy && operation !== 'settle' ? 'throttled' : 'answered');
  const room = await havingLeft([10n, 10n, 10n, 10n], { clock, fateOf });
  const refused = await room.placement.take(taking(60n));
  expect(refused).toMatchObject({ granted: false, status: { availablePico: 40n } });

  isBusy = true;
  expect(await room.placement.take(taking(60n))).toEqual(refused);
  const busy = (amountPico: bigint) => room.placement.take(taking(amountPico)).catch((error: unknown) => error);
  expect(isThrottled(await busy(40n))).toBe(true);
  await clock.advance(1_000);
  expect(isThrottled(await busy(60n))).toBe(true);
});
