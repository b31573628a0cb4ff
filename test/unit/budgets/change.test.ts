import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey, type Budget } from '#budgets/budget.ts';
import { changeBudget } from '#budgets/change.ts';
import { heldIn, type PartState } from '#budgets/part.ts';
import { floatsIn } from '#budgets/purses.ts';
import { reserve, type Reservation } from '#budgets/reservation.ts';
import { chargesFor, settle } from '#budgets/settlement.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { PassingClock } from '#test/support/passing-clock.ts';
import { requestFor } from '#test/support/request-for.ts';

const scope = 'endpoint:summarize';
/** The budget as the settings with this revision want it. */
const wanted = (limitPico: bigint, shards: number, source = 1): Budget => ({
  ...monthOf(scope, limitPico, shards),
  source,
});

async function granted(room: MemoryBudgets, budget: Budget, amountPico: bigint, callId: string): Promise<Reservation> {
  const outcome = await reserve(room, requestFor(amountPico, [budget], { callId }));
  if (!outcome.granted) throw new Error('refused');
  return outcome.reservation;
}

const settleAt = (room: MemoryBudgets, reservation: Reservation, costPico: bigint) =>
  settle(room.parts, reservation, chargesFor(reservation.places, costPico));

function partsOf(room: MemoryBudgets, { key }: Budget): PartState[] {
  return [...room.parts.counters.keys()]
    .filter((part) => part.startsWith(`${key}#`) && !part.includes('#p'))
    .map((part) => room.parts.at(part)!);
}

const sum = (parts: readonly PartState[], of: (part: PartState) => bigint) =>
  parts.reduce((total, part) => total + of(part), 0n);

/** What is true whatever was interrupted: each counter balances, and not more may be held than a budget allowed, then or now. */
function expectSound(room: MemoryBudgets, budget: Budget, mostPico: bigint): void {
  const parts = partsOf(room, budget);
  for (const part of parts) expectBalanced(part);
  const open = parts.filter((part) => part.frozen === undefined && part.availablePico > 0n);
  const usedPico = sum(parts, (part) => part.spentPico + heldIn(part));
  const usablePico = sum(open, (part) => part.availablePico);
  if (usablePico > 0n) expect(usedPico + usablePico).toBeLessThanOrEqual(mostPico);
}

/** What a finished change leaves: shares that sum to the limit, over the shards that are wanted. */
function expectChanged(room: MemoryBudgets, { key, limitPico, shards }: Budget): void {
  const parts = partsOf(room, monthOf(scope));
  for (const part of parts) expectBalanced(part);
  expect(sum(parts, (part) => part.limitPico)).toBe(limitPico);
  expect(room.parts.at(partKey({ key }, 0))?.head).toMatchObject({ totalPico: limitPico, shards });
  const leftPico = sum(parts, (part) => part.availablePico);
  for (const part of parts) {
    const number = Number(part.key.slice(part.key.lastIndexOf('#') + 1));
    const isOpen = number < shards && (leftPico >= 0n || parts.length === 1);
    expect([part.key, part.frozen === undefined]).toEqual([part.key, isOpen]);
    if (number >= shards) expect(part.availablePico).toBe(0n);
    else if (leftPico >= 0n) expect(part.availablePico - leftPico / BigInt(shards)).toBeLessThan(BigInt(shards));
  }
}

/** A budget of 1,000 in so many shards, of which 300 are spent and 300 held. */
async function usedBudget(shards: number) {
  const budget = monthOf(scope, 1_000n, shards);
  const room = await MemoryBudgets.having([budget]);
  await settleAt(room, await granted(room, budget, 350n, 'over'), 300n);
  const calls = [await granted(room, budget, 200n, 'one'), await granted(room, budget, 100n, 'two')];
  return { budget, room, calls };
}

const changes: readonly (readonly [what: string, from: number, limitPico: bigint, shards: number])[] = [
  ['raised', 1, 5_000n, 1],
  ['raised', 4, 5_000n, 4],
  ['lowered', 4, 700n, 4],
  ['lowered below what is spent and held', 1, 400n, 1],
  ['lowered below what is spent and held', 4, 400n, 4],
  ['lowered to nothing', 4, 0n, 4],
  ['unchanged, over more shards', 1, 1_000n, 4],
  ['unchanged, over fewer shards', 4, 1_000n, 2],
  ['unchanged, over one shard', 4, 1_000n, 1],
  ['raised, over more shards', 2, 3_000n, 5],
  ['lowered into debt, over fewer shards', 4, 100n, 2],
];

test.each(changes)(
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
    if (leftPico > 0n) calls.push(await granted(room, budget, leftPico, 'the rest'));

    // Calls that began before end as they would have.
    for (const call of calls) expect(await settleAt(room, call, 50n)).toBe(0);
    expect(room.sums(budget)).toEqual([
      limitPico - 300n - 50n * BigInt(calls.length),
      300n + 50n * BigInt(calls.length),
      0n,
    ]);
  },
);

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

test.each(changes)(
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
        await settleAt(room, calls[0]!, 200n);
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

test('a debt is worked off: what comes back is usable once there is enough, and the change is made again', async () => {
  const { room, budget, calls } = await usedBudget(4);
  await changeBudget(wanted(400n, 4), room);
  expect(await reserve(room, requestFor(1n, [budget], { callId: 'early' }))).toMatchObject({
    granted: false,
    status: { availablePico: -200n, usablePico: 0n },
  });
  // 300 come back of the 300 that were held: 100 are left.
  for (const call of calls) await settleAt(room, call, 0n);
  expect(await changeBudget(wanted(400n, 4), room)).toBe('changed');
  expectChanged(room, wanted(400n, 4));
  expect(room.sums(budget)).toEqual([100n, 300n, 0n]);
  await granted(room, budget, 100n, 'late');
});

test('money that comes back to a retired shard is moved to those in use by a change to the same', async () => {
  const { room, budget, calls } = await usedBudget(4);
  const two = wanted(1_000n, 2);
  await changeBudget(two, room);
  for (const call of calls) await settleAt(room, call, 0n);
  const retired = [2, 3].map((shard) => room.shard(budget, shard)[0]);
  expect(retired.some((pico) => pico > 0n)).toBe(true);
  await changeBudget(two, room);
  expectChanged(room, two);
  await granted(room, budget, 700n, 'all of it');
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
        const settling = calls.map((call) => settleAt(room, call, 10n));
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
        const before = monthOf(scope, 1_000n, from);
        const room = await MemoryBudgets.having([before], { clock, fateOf, random: () => (turn % 5) / 5 });
        let spentPico = 0n;
        const live = async (pico: bigint, call: number) => {
          const outcome = await reserve(room, requestFor(pico, [before], { callId: `call${call}` })).catch(
            () => undefined,
          );
          if (!outcome?.granted) return;
          expect(await settleAt(room, outcome.reservation, pico / 2n)).toBe(0);
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
  expect(await settleAt(room, outcome.reservation, 4n)).toBe(0);
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
