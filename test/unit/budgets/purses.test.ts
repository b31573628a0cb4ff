import { expect, test } from 'vitest';
import { exactStatusOf } from '#budgets/budget-status.ts';
import { partKey } from '#budgets/budget.ts';
import { heldPico, parseId } from '#budgets/hold.ts';
import { closePurse, floatsIn, freezePurse } from '#budgets/purses.ts';
import { FakeClock } from '#test/support/fake-clock.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { purseOf } from '#test/support/purse-of.ts';

const account = monthOf('account', 1_000_000n);
const head = partKey(account, 0);

test('a purse is a hold in a shard and an item of its own, drawn for many calls, in which they hold and settle', async () => {
  const room = await MemoryBudgets.having([account]);
  const first = await room.hold(10n, [account], { callId: 'first' });
  const purse = purseOf(first);
  const drawnPico = heldPico(purse.float.value);
  expect(drawnPico).toBeGreaterThanOrEqual(40n);
  expect(floatsIn(room.parts.at(head)!)).toEqual([purse.float]);
  expect(parseId(purse.float.id)).toMatchObject({ kind: 'float', purse: purse.id });
  expect(room.parts.sums(purse.part)).toEqual([drawnPico - 10n, 0n, 10n]);

  // From here on the shard is left alone: that is what a purse is for.
  const written = ['reserve', 'open', 'topUp', 'settle', 'freeze'];
  const before = room.fates.askedFor(...written).length;
  const second = await room.hold(20n, [account], { callId: 'second' });
  expect(purseOf(second).id).toBe(purse.id);
  for (const [call, costPico] of [
    [first, 7n],
    [second, 12n],
  ] as const) {
    expect(await room.settleAt(call, costPico)).toBe(0);
  }
  expect(room.fates.askedFor(...written).slice(before)).toEqual([
    `reserve ${purse.part} 0`,
    `settle ${purse.part} 0`,
    `settle ${purse.part} 0`,
  ]);
  expect(room.parts.sums(purse.part)).toEqual([drawnPico - 19n, 19n, 0n]);
  expect(room.sums(account)).toEqual([1_000_000n - drawnPico, 0n, drawnPico]);
});

test('what was spent from a purse that is still out counts as spent, and what is left in it as held', async () => {
  const room = await MemoryBudgets.having([account]);
  const drawnPico = heldPico(purseOf(await room.hold(10n, [account], { callId: 'open' })).float.value);
  await room.settleAt(await room.hold(20n, [account], { callId: 'over' }), 15n);
  const state = await room.book.read(account.key);
  expect(await exactStatusOf(account, state!, room.parts)).toMatchObject({
    limitPico: 1_000_000n,
    spentPico: 15n,
    heldPico: drawnPico - 15n,
    availablePico: 1_000_000n - drawnPico,
  });
});

test('calls side by side draw one purse', async () => {
  const room = await MemoryBudgets.having([account]);
  const calls = await Promise.all(
    Array.from({ length: 5 }, (_, call) => room.hold(10n, [account], { callId: `call${call}` })),
  );
  expect(new Set(calls.map((call) => purseOf(call).id)).size).toBe(1);
  expect(floatsIn(room.parts.at(head)!)).toHaveLength(1);
});

test('a purse is used for its time; the next call draws another, and what the old one spent stands in the shard', async () => {
  const clock = new FakeClock();
  const room = await MemoryBudgets.having([account], { clock });
  const old = await room.hold(10n, [account], { callId: 'old' });
  await room.settleAt(old, 7n);
  const { usableUntilMs, id, part } = purseOf(old);
  await clock.advance(usableUntilMs - clock.nowMs() - 1);
  const last = await room.hold(10n, [account], { callId: 'last' });
  expect(purseOf(last).id).toBe(id);
  await room.settleAt(last, 8n);

  await clock.advance(1);
  const next = purseOf(await room.hold(10n, [account], { callId: 'next' }));
  expect(next.id).not.toBe(id);
  expect(floatsIn(room.parts.at(head)!)).toEqual([next.float]);
  const nextPico = heldPico(next.float.value);
  expect(room.sums(account)).toEqual([1_000_000n - 15n - nextPico, 15n, nextPico]);
  expect(room.parts.at(part)).toMatchObject({ frozen: 1, spentPico: 15n });
});

test('a worn purse in which a call still holds stays out, frozen, until that call is over; then it can be closed', async () => {
  const clock = new FakeClock();
  const room = await MemoryBudgets.having([account], { clock });
  const long = await room.hold(10n, [account], { callId: 'long' });
  const purse = purseOf(long);
  await clock.advance(purse.usableUntilMs - clock.nowMs());
  const next = purseOf(await room.hold(10n, [account], { callId: 'next' }));
  expect(
    floatsIn(room.parts.at(head)!)
      .map(({ id }) => id)
      .sort(),
  ).toEqual([purse.float.id, next.float.id].sort());
  expect(await closePurse(room.parts, purse.float, purse.part)).toBe(false);
  expect(await room.parts.reserve({ part: purse.part, id: 'late', value: '1|summarize' })).toBe('refused');

  await room.settleAt(long, 4n);
  expect(await closePurse(room.parts, purse.float, purse.part)).toBe(true);
  expect(room.sums(account)[1]).toBe(4n);
  // Once: its own environment and a sweeper may both try.
  expect(await closePurse(room.parts, purse.float, purse.part)).toBe(false);
  expect(room.sums(account)[1]).toBe(4n);
});

test('its environment and sweepers close a purse side by side: what it spent is charged once', async () => {
  const room = await MemoryBudgets.having([account]);
  const call = await room.hold(10n, [account]);
  const purse = purseOf(call);
  await room.settleAt(call, 9n);
  const closing = Array.from({ length: 4 }, () => closePurse(room.parts, purse.float, purse.part));
  expect((await Promise.all(closing)).filter(Boolean)).toHaveLength(1);
  expect(room.sums(account)).toEqual([999_991n, 9n, 0n]);
});

test('who retires a purse that is used no more does not touch the one that is', async () => {
  const room = await MemoryBudgets.having([account]);
  const first = purseOf(await room.hold(10n, [account], { callId: 'first' }));
  await room.purses.retire(account, first);
  const second = purseOf(await room.hold(10n, [account], { callId: 'second' }));
  // A call that was a little slower finds out as well that the first had not enough.
  await room.purses.retire(account, first);
  expect(purseOf(await room.hold(10n, [account], { callId: 'third' })).id).toBe(second.id);
});

test('a purse without enough for a call is retired, and the call holds in another', async () => {
  const room = await MemoryBudgets.having([account]);
  await room.settleAt(await room.hold(10n, [account], { callId: 'small' }), 10n);
  const large = await room.hold(1_000n, [account], { callId: 'large' });
  expect(room.parts.sums(purseOf(large).part)[2]).toBe(1_000n);
  expect(floatsIn(room.parts.at(head)!)).toEqual([purseOf(large).float]);
  expect(room.sums(account)[1]).toBe(10n);
});

test('calls of all sizes side by side in one environment are all served, whoever draws', async () => {
  const room = await MemoryBudgets.having([account]);
  const sizes = [1n, 900n, 2n, 700n, 1n, 1n, 500n, 3n, 900n, 1n];
  const calls = await Promise.all(sizes.map((pico, call) => room.hold(pico, [account], { callId: `call${call}` })));
  for (const [at, call] of calls.entries()) expect(await room.settleAt(call, sizes[at]!)).toBe(0);
  for (const float of floatsIn(room.parts.at(head)!)) {
    const { purse } = parseId(float.id) as { purse: string };
    await closePurse(room.parts, float, partKey(account, purse));
  }
  const totalPico = sizes.reduce((sum, pico) => sum + pico, 0n);
  expect(room.sums(account)).toEqual([1_000_000n - totalPico, totalPico, 0n]);
});

test('where little is left no purse is drawn: money that is scarce must not lie idle', async () => {
  const poor = monthOf('account', 1_000n);
  const room = await MemoryBudgets.having([poor]);
  const { places } = await room.hold(10n, [poor], { callId: 'call' });
  expect([places[0]?.purses, places[0]?.pieces[0]?.part]).toEqual([[], partKey(poor, 0)]);
  // To the last call that fits.
  for (let call = 1; call < 100; call++) await room.hold(10n, [poor], { callId: `call${call}` });
  await expect(room.hold(10n, [poor], { callId: 'one more' })).rejects.toThrow('refused by account');
  expect(room.sums(poor)).toEqual([0n, 0n, 1_000n]);
});

test('where none is lent the shards are used for a second without looking again, and then a purse may be drawn', async () => {
  const clock = new FakeClock();
  const room = await MemoryBudgets.having([account], { clock });
  const part = room.parts.counters.get(head)!;
  part.holds.set('rival', '999000|summarize');
  part.availablePico -= 999_000n;
  const direct = await room.hold(10n, [account], { callId: 'direct' });
  expect(direct.places[0]?.purses).toEqual([]);
  // Much comes back; but not every call looks.
  await room.parts.settle({ part: head, id: 'rival', value: '999000|summarize' }, 0n);
  room.fates.asked.length = 0;
  await clock.advance(999);
  expect((await room.hold(10n, [account], { callId: 'again' })).places[0]?.purses).toEqual([]);
  expect(room.fates.asked).toEqual([`reserve ${head} 0`]);
  await clock.advance(1);
  expect(purseOf(await room.hold(10n, [account], { callId: 'later' })).float.part).toBe(head);
});

test('purses that were drawn together are not drawn anew together', async () => {
  const first = await MemoryBudgets.having([account]);
  const times = [];
  for (const random of [0, 0.3, 0.6, 0.9]) {
    const room = new MemoryBudgets({ over: first, random: () => random });
    times.push(
      purseOf(await room.hold(10n, [account], { callId: `call${random}` })).usableUntilMs - room.clock.nowMs(),
    );
  }
  expect(new Set(times).size).toBe(4);
  for (const ms of times) expect(Math.abs(ms - times[0]!)).toBeLessThan(times[0]!);
});

test('the item of a purse goes by itself, long after its window; a shard and a head stay', async () => {
  const room = await MemoryBudgets.having([account]);
  const { part } = purseOf(await room.hold(10n, [account]));
  const monthAfterMs = Date.UTC(2027, 0, 1);
  expect(room.parts.counters.get(part)?.expiresAtMs).toBeGreaterThanOrEqual(monthAfterMs);
  expect(room.parts.counters.get(head)?.expiresAtMs).toBeUndefined();
  // Also one that was put only so that nobody can open it.
  await freezePurse(room.parts, partKey(account, 'c0ffee'));
  expect(room.parts.counters.get(partKey(account, 'c0ffee'))?.expiresAtMs).toBeGreaterThanOrEqual(monthAfterMs);
});

test('from a frozen shard no purse is drawn', async () => {
  const sharded = monthOf('account', 1_000_000n, 2);
  const room = await MemoryBudgets.having([sharded]);
  await room.parts.freeze(partKey(sharded, 0), 1);
  const { places } = await room.hold(10n, [sharded], { callId: 'call' });
  expect([places[0]?.purses, places[0]?.pieces[0]?.part]).toEqual([[], partKey(sharded, 1)]);
});
