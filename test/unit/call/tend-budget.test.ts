import { expect, test } from 'vitest';
import type { SpecLimits } from '#budgets/limits.ts';
import { changeBudget } from '#budgets/change.ts';
import { emptyReport } from '#call/sweep/sweep-rooms.ts';
import { tendBudget } from '#call/sweep/tend-budget.ts';
import { CHANGES, expectChanged, usedBudget, wanted } from '#test/support/changed-budget.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { PassingClock } from '#test/support/passing-clock.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const DECEMBER_MS = Date.UTC(2026, 11, 1, 1);

/** One sweep of the budget by nothing but what stands; gives how many changes it made. */
async function tend(
  over: MemoryBudgets,
  spec: SpecLimits = { limitsPico: {}, shards: 1 },
  atMs = NOON_MS,
): Promise<number> {
  const clock = new PassingClock(atMs);
  const budgets = new MemoryBudgets({ over, clock });
  const report = emptyReport();
  const { key } = wanted(0n, 1);
  const platform = { clock, random: () => 0.5 };
  const rooms = {
    platform,
    budgets,
    specs: new Map([['summarize', spec]]),
    requestId: 'sweep',
    killAtMs: atMs + 55_000,
  };
  await tendBudget(key, (await budgets.book.read(key))!, rooms as never, report);
  return report.changed;
}

test.each(CHANGES)(
  'L5 settings are %s (from %i shards to a limit of %s in %i) and who did it dies at any request: a sweep sees it and finishes, the next finds nothing to do',
  async (...[, from, limitPico, shards]) => {
    const budget = wanted(limitPico, shards);
    const tried = new MemoryBudgets({ over: (await usedBudget(from)).room });
    await changeBudget(budget, tried);
    for (let at = 0; at <= tried.fates.asked.length; at++) {
      for (const fate of ['lost', 'unheard'] as const satisfies Fate[]) {
        const { room } = await usedBudget(from);
        // The settings come first.
        await room.settings.replace('endpoint:summarize', { limitsPico: { month: limitPico }, shards, revision: 0 });
        let sent = 0;
        const fateOf: FateOf = () => (++sent < at ? 'answered' : sent === at ? fate : 'lost');
        await changeBudget(budget, new MemoryBudgets({ over: room, fateOf })).catch(() => 'died');

        await tend(room);
        expectChanged(room, budget);
        expect(room.sums(budget)).toEqual([limitPico - 600n, 300n, 300n]);
        expect(await tend(room)).toBe(0);
      }
    }
  },
);

test('what nobody has set follows the spec; what was deployed anew holds with the next sweep', async () => {
  const { room } = await usedBudget(2);
  expect(await tend(room, { limitsPico: { month: 1_000n }, shards: 2 })).toBe(0);
  expect(await tend(room, { limitsPico: { month: 800n }, shards: 3 })).toBe(1);
  expectChanged(room, wanted(800n, 3));
});

test('a window that is over keeps its limit, whatever is set now; a change that died in it is finished all the same', async () => {
  const { room } = await usedBudget(4);
  await room.settings.replace('endpoint:summarize', { limitsPico: { month: 9n }, shards: 1, revision: 0 });
  expect(await tend(room, undefined, DECEMBER_MS)).toBe(0);
  await room.parts.takeRevision(`${wanted(0n, 1).key}#0`, { revision: 0, most: 4, source: 0, freezes: true });
  expect(await tend(room, undefined, DECEMBER_MS)).toBe(1);
  expectChanged(room, wanted(1_000n, 4));
});

test('newer settings than the sweep has read are at work in the budget: it leaves them alone', async () => {
  const { room } = await usedBudget(4);
  await changeBudget(wanted(2_000n, 4, 7), room);
  expect(await tend(room, { limitsPico: { month: 1_000n }, shards: 4 })).toBe(0);
  expectChanged(room, wanted(2_000n, 4));
});

test('money that came back to where it cannot be used is moved; a debt is left until enough has come back', async () => {
  const { room, calls, budget } = await usedBudget(4);
  await room.settings.replace('endpoint:summarize', { limitsPico: { month: 400n }, shards: 4, revision: 0 });
  expect(await tend(room)).toBe(1);
  // 600 are spent or held.
  expect([await tend(room), room.sums(budget)[0]]).toEqual([0, -200n]);
  for (const call of calls) await room.settleAt(call, 0n);
  expect(await tend(room)).toBe(1);
  expectChanged(room, wanted(400n, 4));
  await room.hold(100n, [budget], { callId: 'what has come back' });
});

test('money that comes back to a retired shard is moved to those in use', async () => {
  const { room, calls, budget } = await usedBudget(4);
  const spec = { limitsPico: { month: 1_000n }, shards: 2 };
  expect(await tend(room, spec)).toBe(1);
  for (const call of calls) await room.settleAt(call, 0n);
  expect(await tend(room, spec)).toBe(1);
  expectChanged(room, wanted(1_000n, 2));
  expect(await tend(room, spec)).toBe(0);
  await room.hold(700n, [budget], { callId: 'all that is left' });
});

test('L5 more shards were wanted and then not, and both who changed it died at once: the head does not stay frozen', async () => {
  const { room, budget } = await usedBudget(1);
  await room.parts.takeRevision(`${budget.key}#0`, { revision: 0, most: 4, source: 0, freezes: true });
  expect(await tend(room, { limitsPico: { month: 1_000n }, shards: 1 })).toBe(1);
  expect(room.shard(budget, 0)).toEqual([400n, 300n, 300n]);
  await room.hold(400n, [budget], { callId: 'all that is left' });
});

test('L5 a debt is shared out anew and who does it dies at any request: a sweep sees it and finishes', async () => {
  const inDebt = async () => {
    const { room, calls } = await usedBudget(4);
    await room.settings.replace('endpoint:summarize', { limitsPico: { month: 400n }, shards: 4, revision: 0 });
    await tend(room);
    // A part of it comes back, and not enough.
    await room.settleAt(calls[0]!, 100n);
    return room;
  };
  const budget = wanted(400n, 4);
  const tried = new MemoryBudgets({ over: await inDebt() });
  await changeBudget(budget, tried);
  for (let at = 0; at <= tried.fates.asked.length; at++) {
    const room = await inDebt();
    let sent = 0;
    const fateOf: FateOf = () => (++sent <= at ? 'answered' : 'lost');
    await changeBudget(budget, new MemoryBudgets({ over: room, fateOf })).catch(() => 'died');
    await tend(room);
    expectChanged(room, budget);
    expect(room.sums(budget)).toEqual([-100n, 400n, 100n]);
  }
});

test('a cost above its hold leaves a shard in debt beside others that have money: it is shared out anew', async () => {
  const { room, calls } = await usedBudget(4);
  await room.settleAt(calls[1]!, 350n);
  const spec = { limitsPico: { month: 1_000n }, shards: 4 };
  expect(await tend(room, spec)).toBe(1);
  expectChanged(room, wanted(1_000n, 4));
  expect(await tend(room, spec)).toBe(0);
});
