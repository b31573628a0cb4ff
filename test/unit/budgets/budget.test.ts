import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { budgetAt, partKey, partOf, shareOf, type ScopeName } from '#budgets/budget.ts';
import { WINDOW_KINDS } from '#budgets/windows.ts';

const AT_MS = Date.UTC(2026, 10, 22, 12);
const SEED = { seed: 20_261_122 };

test('a counter is one item: scope, window, and the number of the shard or the name of the purse', () => {
  const terms = { scope: 'endpoint:openai/chat-completions', limitPico: 5n, shards: 4, source: 0 } as const;
  const month = budgetAt({ ...terms, kind: 'month' }, AT_MS);
  const day = budgetAt({ ...terms, kind: 'day' }, AT_MS);
  expect(partKey(month, 0)).toBe('endpoint:openai/chat-completions#2026-11#0');
  expect(partKey(day, 3)).toBe('endpoint:openai/chat-completions#2026-11-22#3');
  expect(partKey(month, 'c0ffee')).toBe('endpoint:openai/chat-completions#2026-11#pc0ffee');
});

test('the key of a counter tells its budget, whatever stands in the name of a caller', () => {
  const anyScope = fc.oneof(
    fc
      .string({ unit: fc.constantFrom('#', ':', '0', 'p', 'é', '2026-11'), minLength: 1 })
      .map((id): ScopeName => `caller:${id}`),
    fc.constantFrom<ScopeName>('account', 'caller:#', 'caller:a#2026-11#0', 'endpoint:openai/responses'),
  );
  const anyPart = fc.oneof(fc.nat(63), fc.stringMatching(/^[0-9a-f]{10}$/));
  fc.assert(
    fc.property(anyScope, fc.constantFrom(...WINDOW_KINDS), anyPart, (scope, kind, part) => {
      const budget = budgetAt({ scope, kind, limitPico: 1n, shards: 1, source: 0 }, AT_MS);
      expect(partOf(partKey(budget, part))).toEqual({
        budgetKey: budget.key,
        scope,
        window: budget.window,
        part: typeof part === 'number' ? `${part}` : `p${part}`,
      });
    }),
    SEED,
  );
});

test('shares of an amount are equal but for what does not divide, and sum to it exactly; those of a debt too', () => {
  const anyAmount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
  fc.assert(
    fc.property(anyAmount, fc.integer({ min: 1, max: 64 }), (amountPico, shards) => {
      const shares = Array.from({ length: shards }, (_, shard) => shareOf(amountPico, shards, shard));
      expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(amountPico);
      expect(new Set(shares.slice(1)).size).toBeLessThanOrEqual(1);
      // Nobody is given what another would owe.
      for (const share of shares) expect(share === 0n || share > 0n === amountPico > 0n).toBe(true);
      const apart = shares[0]! - (shares[1] ?? shares[0]!);
      expect(apart < 0n ? -apart : apart).toBeLessThan(BigInt(shards));
    }),
    SEED,
  );
});
