import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey, type Budget } from '#budgets/budget.ts';
import { changeBudget } from '#budgets/change.ts';
import { reserve } from '#budgets/reservation.ts';
import { CHANGES, expectChanged, expectSound, usedBudget, wanted } from '#test/support/changed-budget.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { PassingClock } from '#test/support/passing-clock.ts';
import { requestFor } from '#test/support/request-for.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

/** How many requests a change makes when nothing happens to it. */
async function requestsOf(from: number, budget: Budget): Promise<number> {
  const changer = new MemoryBudgets({ over: (await usedBudget(from)).room });
  await changeBudget(budget, changer);
  return changer.fates.asked.length;
}

/** A process that dies at its nth request: that one may land, no further one is sent. */
function dying(over: MemoryBudgets, at: number, fate: Fate): MemoryBudgets {
  let sent = 0;
  const fateOf: FateOf = () => {
    sent += 1;
    return sent < at ? 'answered' : sent === at ? fate : 'lost';
  };
  return new MemoryBudgets({ over, fateOf });
}

test.each(CHANGES)(
  'L5 the process that changes a limit (%s, from %i shards to %s in %i) dies at any of its requests: nothing is lost, and another finishes',
  async (...[, from, limitPico, shards]) => {
    const budget = wanted(limitPico, shards);
    const requests = await requestsOf(from, budget);
    expect(requests).toBeGreaterThan(2);
    for (let at = 1; at <= requests; at++) {
      for (const fate of ['lost', 'unheard', 'late'] as const) {
        const { room, calls } = await usedBudget(from);
        const first = dying(room, at, fate);
        await changeBudget(budget, first).catch(() => 'died');
        const mostPico = limitPico > 1_000n ? limitPico : 1_000n;
        expectSound(room, budget, mostPico);
        // Calls end meanwhile.
        await room.settleAt(calls[0]!, 200n);
        expectSound(room, budget, mostPico);

        expect(await changeBudget(budget, room)).toBe('changed');
        expectChanged(room, budget);
        expect(room.sums(budget)).toEqual([limitPico - 600n, 500n, 100n]);
        // What the dead process sent lands after all.
        first.fates.landLate();
        expectSound(room, budget, mostPico);
        expect(await changeBudget(budget, room)).toBe('changed');
        expectChanged(room, budget);
        expect(room.sums(budget)).toEqual([limitPico - 600n, 500n, 100n]);
      }
    }
  },
);

test('two changes at once, whoever is slow: the newer settings stand in the end, and every sum is kept', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('answered', 'slow', 'slow', 'unheard', 'late'), {
    minLength: 30,
    maxLength: 30,
  });
  const wish = fc.record({
    limitPico: fc.constantFrom(0n, 400n, 700n, 1_000n, 5_000n),
    shards: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      wish,
      wish,
      fates,
      fates,
      async (from, older, newer, ...inTurn) => {
        const { room, calls } = await usedBudget(from);
        const wishes = [wanted(older.limitPico, older.shards, 1), wanted(newer.limitPico, newer.shards, 2)];
        const changing = wishes.map((budget, process) => {
          let turn = 0;
          const fateOf: FateOf = () => inTurn[process]![turn++ % 30]!;
          const changer = new MemoryBudgets({ over: room, fateOf });
          return { changer, done: changeBudget(budget, changer).catch(() => 'no answer') };
        });
        const settling = calls.map((call) => room.settleAt(call, 10n));
        await Promise.all([...settling, ...changing.map(({ done }) => done)]);
        const mostPico = [1_000n, older.limitPico, newer.limitPico].reduce((most, pico) => (pico > most ? pico : most));
        expectSound(room, wishes[1]!, mostPico);

        // The sweeper follows the settings.
        expect(await changeBudget(wishes[1]!, room)).toBe('changed');
        for (const { changer } of changing) changer.fates.landLate();
        await changeBudget(wishes[1]!, room);
        expectChanged(room, wishes[1]!);
        expect(room.sums(wishes[1]!)).toEqual([newer.limitPico - 320n, 320n, 0n]);
      },
    ),
    { seed: 20_261_122, numRuns: 400 },
  );
});

test('sweepers that make the same change at once, whoever is slow: when all have returned, it is made', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('answered', 'slow'), { minLength: 30, maxLength: 30 });
  const limitPico = fc.constantFrom(0n, 400n, 700n, 5_000n);
  const shards = fc.integer({ min: 1, max: 4 });
  await fc.assert(
    fc.asyncProperty(
      shards,
      limitPico,
      shards,
      fc.array(fates, { minLength: 2, maxLength: 4 }),
      async (from, toPico, to, sweepers) => {
        const { room } = await usedBudget(from);
        const budget = wanted(toPico, to);
        const clock = new PassingClock(Date.UTC(2026, 10, 22, 12));
        const random = seededRandom(20_261_122);
        const changing = sweepers.map(async (inTurn) => {
          let turn = 0;
          const fateOf: FateOf = () => inTurn[turn++ % 30]!;
          const changed = await changeBudget(budget, new MemoryBudgets({ over: room, fateOf, clock, random }));
          // Another may be at it again by now; but the limit holds.
          expect(room.parts.at(partKey(budget, 0))?.head?.totalPico).toBe(toPico);
          return changed;
        });
        expect(await Promise.all(changing)).toEqual(sweepers.map(() => 'changed'));
        expectChanged(room, budget);
        expect(room.sums(budget)).toEqual([toPico - 600n, 300n, 300n]);
      },
    ),
    { seed: 20_261_122, numRuns: 300 },
  );
});

test('calls go on while the limit and the shards are changed: none is charged twice, none lost, and the limit holds', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('answered', 'answered', 'slow'), { minLength: 30, maxLength: 30 });
  const amounts = fc.array(fc.bigInt({ min: 1n, max: 200n }), { minLength: 4, maxLength: 10 });
  const wish = fc.record({ limitPico: fc.constantFrom(500n, 1_000n, 2_000n), shards: fc.integer({ min: 1, max: 4 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      wish,
      amounts,
      fates,
      async (from, { limitPico, shards }, wishes, inTurn) => {
        let turn = 0;
        const clock = new PassingClock(Date.UTC(2026, 10, 22, 12));
        const fateOf: FateOf = () => inTurn[turn++ % 30]!;
        const before = monthOf('endpoint:summarize', 1_000n, from);
        const room = await MemoryBudgets.having([before], { clock, fateOf, random: () => (turn % 5) / 5 });
        let spentPico = 0n;
        const live = async (pico: bigint, call: number) => {
          const outcome = await reserve(room, requestFor(pico, [before], { callId: `call${call}` })).catch(
            () => undefined,
          );
          if (!outcome?.granted) return;
          expect(await room.settleAt(outcome.reservation, pico / 2n)).toBe(0);
          spentPico += pico / 2n;
        };
        const budget = wanted(limitPico, shards);
        await Promise.all([changeBudget(budget, new MemoryBudgets({ over: room, fateOf })), ...wishes.map(live)]);
        expectSound(room, budget, limitPico > 1_000n ? limitPico : 1_000n);
        // What came back to a shard after it was read lies where it came back: one more change, by the sweeper.
        await changeBudget(budget, room);
        expectChanged(room, budget);
        expect(room.sums(budget)).toEqual([limitPico - spentPico, spentPico, 0n]);
      },
    ),
    { seed: 20_261_122, numRuns: 300 },
  );
});
