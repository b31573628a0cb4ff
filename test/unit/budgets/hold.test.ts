import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  endpointIn,
  EXPIRY_MARGIN_MS,
  floatId,
  heldPico,
  holdId,
  holdValue,
  markId,
  parseId,
  parsePrimary,
  type HoldFacts,
  type OtherBudget,
} from '#budgets/hold.ts';
import { budgetAt, type Budget, type ScopeName } from '#budgets/budget.ts';
import type { WindowKind } from '#budgets/windows.ts';
import { mintCallId } from '#platform/call-id.ts';

const KILL_AT_MS = Date.UTC(2026, 10, 22, 12);
const CALL_ID = '01m81j18g0h8330y27y35p2nmy';
const SEED = { seed: 20_261_122 };
const facts: HoldFacts = {
  callId: CALL_ID,
  round: 0,
  killAtMs: KILL_AT_MS,
  endpoint: 'summarize',
  caller: 'ada',
  model: 'gpt-6-luna',
  basePico: 57_500_000n,
  others: [
    { code: 'ed', purses: [] },
    { code: 'cm', purses: [] },
    { code: 'am', purses: ['c0ffee', 'facade'] },
  ],
};

const budget = (scope: ScopeName, kind: WindowKind = 'month'): Budget =>
  budgetAt({ scope, kind, limitPico: 1n, shards: 1, source: 0 }, KILL_AT_MS);

test('a hold expires a minute after the platform has killed its process, and its id begins with that', () => {
  expect(holdId(facts)).toBe(`${((KILL_AT_MS + 60_000) / 1000).toString(36)}.${CALL_ID}.0`);
  expect(parseId(holdId(facts))).toEqual({
    kind: 'call',
    expiresAtMs: KILL_AT_MS + 60_000,
    callId: CALL_ID,
    round: 0,
  });
});

test('the expiry in an id is never before the margin, and at most a second after it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), fc.boolean(), (killAtMs, isFloat) => {
      const parsed = parseId(isFloat ? floatId('c0ffee', killAtMs) : holdId({ ...facts, killAtMs }));
      const lateMs = (parsed.kind === 'mark' ? NaN : parsed.expiresAtMs) - killAtMs - EXPIRY_MARGIN_MS;
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThan(1000);
    }),
    SEED,
  );
});

test('each round of a call has an id of its own, the same in all budgets', () => {
  const rounds = [0, 1, 9, 10, 15, 35];
  const ids = rounds.map((round) => holdId({ ...facts, round }));
  expect(new Set(ids).size).toBe(rounds.length);
  const elsewhere: HoldFacts = { ...facts, others: [], endpoint: 'classify' };
  expect(holdId(elsewhere)).toBe(ids[0]);
  expect(ids.map((id) => parseId(id))).toMatchObject(rounds.map((round) => ({ kind: 'call', callId: CALL_ID, round })));
});

test('an id tells a call’s hold, a purse’s and a mark apart, whatever the call is called', () => {
  expect(parseId(floatId('c0ffee', KILL_AT_MS))).toEqual({
    kind: 'float',
    expiresAtMs: KILL_AT_MS + EXPIRY_MARGIN_MS,
    purse: 'c0ffee',
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (atMs) => {
      const callId = mintCallId(atMs);
      expect(parseId(markId(callId))).toEqual({ kind: 'mark', callId });
      expect(parseId(holdId({ ...facts, callId }))).toMatchObject({ kind: 'call', callId });
    }),
    SEED,
  );
});

test('the hold in the endpoint’s month says all that a sweeper needs, elsewhere only whose it is', () => {
  expect(holdValue(57_500_000n, budget('endpoint:summarize'), facts)).toBe(
    '57500000||ada|gpt-6-luna|ed,cm,am:c0ffee:facade',
  );
  expect(holdValue(57_500_000n, budget('endpoint:summarize', 'day'), facts)).toBe('57500000|summarize');
  expect(holdValue(57_500_000n, budget('caller:ada'), facts)).toBe('57500000|summarize');
  expect(holdValue(0n, budget('account'), facts)).toBe('0|summarize');
});

test('what the round first held is named where a piece holds another amount: a split one, or a raised one', () => {
  const month = budget('endpoint:summarize');
  const raised = holdValue(60_000_000n, month, facts);
  expect(raised.startsWith('60000000|57500000|')).toBe(true);
  for (const pico of [1n, 57_500_000n, 60_000_000n]) {
    const value = holdValue(pico, month, facts);
    expect([heldPico(value), parsePrimary(value).basePico]).toEqual([pico, 57_500_000n]);
  }
});

/** Names that hold what the form of a value is made of. */
const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({
    unit: fc.constantFrom('|', ',', ':', '%', '.', '#', '~', 'a', '%7C', '%2', '\u{1f30a}', '0'),
    minLength: 1,
  }),
  fc.constantFrom('|', '%', '%7C', '%25', 'a|b', 'a,b:c', 'ed,cm', '~', '0|0', ' ', '\u0000'),
);
const anyPurse = fc.stringMatching(/^[0-9a-f]{10}$/);
const anyOther: fc.Arbitrary<OtherBudget> = fc.record({
  code: fc.constantFrom('ed', 'cm', 'cd', 'am', 'ad'),
  purses: fc.array(anyPurse, { maxLength: 3 }),
});

test('whatever stands in the names of callers, models and endpoints, a hold gives back what was put into it', () => {
  const anyFacts = fc.record({
    endpoint: nasty,
    caller: nasty,
    model: nasty,
    basePico: fc.bigInt({ min: 0n, max: 10n ** 24n }),
    others: fc.array(anyOther, { maxLength: 5 }),
  });
  const anyAmount = fc.bigInt({ min: 0n, max: 10n ** 24n });
  fc.assert(
    fc.property(anyFacts, anyAmount, (given, pico) => {
      const all: HoldFacts = { ...facts, ...given };
      const primary = holdValue(pico, budget(`endpoint:${given.endpoint}`), all);
      const { endpoint, ...told } = given;
      expect(heldPico(primary)).toBe(pico);
      expect(parsePrimary(primary)).toEqual(told);
      const elsewhere = holdValue(pico, budget(`caller:${given.caller}`), all);
      expect([heldPico(elsewhere), endpointIn(elsewhere)]).toEqual([pico, endpoint]);
    }),
    { ...SEED, numRuns: 1_000 },
  );
});

test('a hold is small: it is paid for with each write of a busy counter', () => {
  const callId = mintCallId(KILL_AT_MS);
  const own = { ...facts, callId, others: [] };
  // The design counts 60 to 80 bytes a hold.
  expect(`${holdId(own)}${holdValue(57_500_000n, budget('endpoint:summarize'), own)}`.length).toBeLessThanOrEqual(80);
  expect(`${holdId(own)}${holdValue(57_500_000n, budget('account'), own)}`.length).toBeLessThanOrEqual(80);
});
