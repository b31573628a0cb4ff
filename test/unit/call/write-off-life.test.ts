import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { partKey } from '#budgets/budget.ts';
import { reserve } from '#budgets/reservation.ts';
import { chargeOf, settlePiece } from '#budgets/settlement.ts';
import { topUp } from '#budgets/top-up.ts';
import type { Fate, FateOf } from '#test/support/fates.ts';
import { chargedTo, lostCallId, writeOffLost } from '#test/support/lost-call.ts';
import { MemoryBudgets } from '#test/support/memory-budgets.ts';
import { monthOf } from '#test/support/month-of.ts';
import { PassingClock } from '#test/support/passing-clock.ts';
import { requestFor } from '#test/support/request-for.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const { signal } = new AbortController();

/** A life of a call: a hold, and top-ups; its process dies somewhere on the way. */
const life = fc.record({
  amounts: fc
    .array(fc.bigInt({ min: 1n, max: 250n }), { minLength: 1, maxLength: 4 })
    .map((steps) => steps.map((_, at) => steps.slice(0, at + 1).reduce((sum, pico) => sum + pico, 0n))),
  shards: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  accountPico: fc.constantFrom(2_000n, 1_000_000n),
  fates: fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant<Fate>('answered') },
      { weight: 1, arbitrary: fc.constantFrom<Fate>('lost', 'unheard', 'late', 'slow', 'throttled') },
    ),
    { minLength: 30, maxLength: 30 },
  ),
  diesAt: fc.integer({ min: 1, max: 40 }),
  lastOneLands: fc.boolean(),
});

test('L5 wherever a process dies, no less is written off than it may have sent, each budget is charged alike, and nothing stays held', async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(life, async ({ amounts, shards, accountPico, fates, diesAt, lastOneLands }) => {
      const budgets = [
        monthOf('endpoint:summarize', 1_000n, shards[0]),
        monthOf('caller:ada', 1_000n, shards[1]),
        monthOf('account', accountPico),
      ];
      let sent = 0;
      const fateOf: FateOf = () => {
        sent += 1;
        if (sent > diesAt || (sent === diesAt && !lastOneLands)) return 'lost';
        return sent === diesAt ? 'unheard' : fates[sent % fates.length]!;
      };
      const clock = new PassingClock(NOON_MS);
      const room = await MemoryBudgets.having(budgets, { fateOf, clock, random: () => (sent % 7) / 7 });
      let coveredPico = 0n;
      const [first, ...more] = amounts;
      const outcome = await reserve(room, requestFor(first!, budgets, { callId: lostCallId })).catch(() => undefined);
      if (outcome?.granted) {
        // From here on an attempt may have been sent, at up to what is covered.
        coveredPico = first!;
        let { reservation } = outcome;
        for (const amountPico of more) {
          const raised = await topUp(room, reservation, amountPico, signal).catch(() => undefined);
          if (!raised) break;
          ({ reservation } = raised);
          if (raised.granted) coveredPico = amountPico;
        }
      }

      room.fates.landLate();
      const sweeper = new MemoryBudgets({ over: room });
      const entry = await writeOffLost(room);
      ends.add(coveredPico === 0n ? `nothing covered, ${entry.outcome}` : entry.outcome);
      expect(entry.costPico).toBeGreaterThanOrEqual(coveredPico);
      expect(entry.costPico).toBeLessThanOrEqual(amounts.at(-1)!);
      for (const pico of Object.values(chargedTo(entry))) expect(pico).toBe(entry.costPico);
      expect(Object.keys(chargedTo(entry))).toHaveLength(entry.outcome === 'void' ? 0 : 3);

      // Settled by the entry, whatever stands: the counters say what the ledger says, and hold nothing of the call.
      for (const [part, { holds }] of room.parts.counters) {
        for (const [id, value] of holds) {
          if (!id.endsWith('.f'))
            await settlePiece(sweeper.parts, { part, id, value }, chargeOf({ part, id }, entry.holds));
        }
      }
      for (const budget of budgets) {
        const all = [...room.parts.counters.values()].filter(({ key }) => key.startsWith(`${budget.key}#`));
        expect(all.reduce((spent, part) => spent + part.spentPico, 0n)).toBe(entry.costPico);
        const floats = all.flatMap(({ key, holds }) => [...holds].map(([id]) => [key, id] as const));
        expect(floats.filter(([key, id]) => !(key === partKey(budget, 0) && id.endsWith('.f')))).toEqual([]);
      }
    }),
    { seed: 20_261_122, numRuns: 1_500 },
  );
  expect([...ends].sort()).toEqual(['lost', 'nothing covered, lost', 'nothing covered, void']);
});
