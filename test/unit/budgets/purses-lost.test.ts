import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { parseId } from '#budgets/hold.ts';
import { closePurse, floatsIn, freezePurse } from '#budgets/purses.ts';
import { reserve } from '#budgets/reservation.ts';
import type { FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { purseOf } from '#test/support/purse-of.ts';
import { requestFor } from '#test/support/request-for.ts';

const account = monthOf('account', 1_000_000n);
const head = partKey(account, 0);
const empty = { limitPico: 0n, availablePico: 0n, spentPico: 0n };

test('a purse that was recalled before it was opened cannot be opened: its money goes back, and the call holds in the shard', async () => {
  const fateOf: FateOf = (operation, key) => {
    // Between the draw and the opening a change has read the shard's holds, and frozen the purse.
    if (operation === 'open' && key.includes('#p') && !room.parts.counters.has(key)) {
      room.parts.counters.set(key, { key, ...empty, holds: new Map(), frozen: 1, changed: 1 });
    }
    return 'answered';
  };
  const room: MemoryBudgets = await MemoryBudgets.having([account], { fateOf });
  const { places } = await room.hold(10n, [account]);
  expect(places[0]?.purses).toEqual([]);
  expect(room.sums(account)).toEqual([999_990n, 0n, 10n]);
});

test('a purse that was never opened is closed as one that spent nothing, and whoever drew it comes too late to open it', async () => {
  const fateOf: FateOf = (operation, key) => (operation === 'open' && key.includes('#p') ? 'late' : 'answered');
  const dying = await MemoryBudgets.having([account], { fateOf });
  await reserve(dying, requestFor(10n, [account])).catch(() => undefined);
  const [float] = floatsIn(dying.parts.at(head)!);
  const part = partKey(account, (parseId(float!.id) as { purse: string }).purse);

  const sweeper = new MemoryBudgets({ over: dying });
  expect(await closePurse(sweeper.parts, float!, part)).toBe(true);
  dying.fates.landLate();
  expect(sweeper.parts.at(part)).toMatchObject({ ...empty, frozen: 1 });
  expect(floatsIn(sweeper.parts.at(head)!)).toEqual([]);
});

test('a draw that is not answered does not fail the call: it holds in the shard, and the draw is found by its expiry', async () => {
  let draws = 0;
  const fateOf: FateOf = (operation) => (operation === 'reserve' && ++draws === 1 ? 'unheard' : 'answered');
  const room = await MemoryBudgets.having([account], { fateOf });
  const { places } = await room.hold(10n, [account]);
  expect(places[0]?.pieces[0]?.part).toBe(head);
  expect(floatsIn(room.parts.at(head)!)).toHaveLength(1);
});

test('a frozen purse lends nothing more: the call takes another, and what stands in the old one is settled there', async () => {
  const room = await MemoryBudgets.having([account]);
  const before = await room.hold(10n, [account], { callId: 'before' });
  await freezePurse(room.parts, purseOf(before).part);
  const after = await room.hold(10n, [account], { callId: 'after' });
  expect(purseOf(after).id).not.toBe(purseOf(before).id);
  expect(after.facts.round).toBe(1);
  expect(await room.settleAt(before, 6n)).toBe(0);
  expect(room.parts.sums(purseOf(before).part)[1]).toBe(6n);
});
