import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXPIRY_MARGIN_MS, heldPico, holdExpiresAtMs, holdId, holdValue, type HoldFacts } from '#budgets/hold.ts';
import { mintCallId } from '#platform/call-id.ts';

const KILL_AT_MS = Date.UTC(2026, 10, 22, 12);
const facts: HoldFacts = {
  callId: '01m81j18g0h8330y27y35p2nmy',
  round: 0,
  killAtMs: KILL_AT_MS,
  caller: 'ada',
  model: 'gpt-6-luna',
  scopes: ['endpoint:summarize', 'caller:ada', 'account'],
};

test('a hold expires a minute after the platform has killed its process, and its id begins with that', () => {
  expect(holdExpiresAtMs(holdId(facts))).toBe(KILL_AT_MS + 60_000);
  expect(holdId(facts)).toBe(`${((KILL_AT_MS + 60_000) / 1000).toString(36)}.01m81j18g0h8330y27y35p2nmy.0`);
});

test('the expiry in an id is never before the margin, and at most a second after it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (killAtMs) => {
      const lateMs = holdExpiresAtMs(holdId({ ...facts, killAtMs })) - killAtMs - EXPIRY_MARGIN_MS;
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThan(1000);
    }),
    { seed: 20_261_122 },
  );
});

test('each round of a call has an id of its own, the same in all scopes', () => {
  const ids = [0, 1, 2].map((round) => holdId({ ...facts, round }));
  expect(new Set(ids).size).toBe(3);
  expect(holdId({ ...facts, scopes: ['account'] })).toBe(ids[0]);
});

test('the hold in the endpoint’s scope says all that a sweeper needs, elsewhere only whose it is', () => {
  expect(holdValue(57_500_000n, 'endpoint:summarize', facts)).toBe('57500000|ada|gpt-6-luna|caller:ada,account');
  expect(holdValue(57_500_000n, 'caller:ada', facts)).toBe('57500000|endpoint:summarize');
  expect(holdValue(0n, 'account', facts)).toBe('0|endpoint:summarize');
});

test('the amount comes back from any hold, to the pico-dollar', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.constantFrom(...facts.scopes), (pico, scope) => {
      expect(heldPico(holdValue(pico, scope, facts))).toBe(pico);
    }),
    { seed: 20_261_122 },
  );
});

test('a hold is small: it is paid for with each write of a busy counter', () => {
  const callId = mintCallId(KILL_AT_MS);
  const own = { ...facts, callId, scopes: ['endpoint:summarize'] };
  // The design counts 60 to 80 bytes a hold.
  expect(`${holdId(own)}${holdValue(57_500_000n, 'endpoint:summarize', own)}`.length).toBeLessThanOrEqual(80);
});
