import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromLeadItem, leadKeyOf, LEASE_MS, toLeadItem, type LeadState } from '#cache/lead-item.ts';
import { fromCacheItem, toCacheItem } from '#cache/stored-answer.ts';
import { fromAttributes, toAttributes, type StoredItem } from '#platform/aws/attributes.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const KEY = 'the-key';

/** The item as it comes back from DynamoDB. */
const stored = (state: LeadState = 'leading', key = KEY): StoredItem =>
  fromAttributes(toAttributes(toLeadItem(key, state, state === 'leading' ? 'a-call' : '', NOW_MS)));

test.each(['leading', 'alone', 'answered'] as const)('C6 a lead that is %s comes back while it stands', (state) => {
  const lead = fromLeadItem(KEY, stored(state), NOW_MS);
  expect(lead).toMatchObject({ state, leader: state === 'leading' ? 'a-call' : '' });
  const standsMs = (lead?.leaseUntilMs ?? 0) - NOW_MS;
  expect(standsMs).toBeGreaterThanOrEqual(5_000);
  expect(standsMs).toBeLessThanOrEqual(LEASE_MS);
  expect(fromLeadItem(KEY, stored(state), NOW_MS + standsMs - 1)).toEqual(lead);
  expect(fromLeadItem(KEY, stored(state), NOW_MS + standsMs)).toBeUndefined();
});

test('C6 a lead that is over stands no more', () => {
  expect(fromLeadItem(KEY, stored('over'), NOW_MS)).toBeUndefined();
});

test('C6 the item outlives its lease, and then DynamoDB may delete it', () => {
  expect(Number(stored()['expiresAt']) * 1000).toBeGreaterThan(NOW_MS + LEASE_MS);
  expect(Number(stored()['expiresAt']) * 1000).toBeLessThanOrEqual(NOW_MS + 61_000);
});

test('C8 a lead is nobody’s under any key but its own, and with any member changed', () => {
  expect(fromLeadItem('another-key', stored(), NOW_MS)).toBeUndefined();
  for (const change of [
    { state: 'alone' },
    { leader: 'b-call' },
    { leaseUntilMs: BigInt(NOW_MS + 1) },
    { digest: 'x' },
  ]) {
    expect(fromLeadItem(KEY, { ...stored(), ...change }, NOW_MS)).toBeUndefined();
  }
});

test('C8 a lease beyond all that is ever given is none; a minute of difference between two clocks is no lead either', () => {
  for (const aheadMs of [LEASE_MS + 1, 60_000, 86_400_000]) {
    const item = fromAttributes(toAttributes(toLeadItem(KEY, 'leading', 'a-call', NOW_MS + aheadMs)));
    expect(fromLeadItem(KEY, item, NOW_MS)).toBeUndefined();
  }
  const slightly = fromAttributes(toAttributes(toLeadItem(KEY, 'leading', 'a-call', NOW_MS + LEASE_MS)));
  expect(fromLeadItem(KEY, slightly, NOW_MS)).toBeDefined();
});

test('C8 items of any other make are no leads, and never throw', () => {
  const anyValue = fc.oneof(
    fc.string(),
    fc.bigInt(),
    fc.boolean(),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  const name = fc.constantFrom('pk', 'state', 'leader', 'leaseUntilMs', 'digest', 'expiresAt', 'body');
  fc.assert(
    fc.property(fc.dictionary(name, anyValue), (item) => {
      expect(fromLeadItem(KEY, item, NOW_MS)).toBeUndefined();
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});

test('a lead is no answer, and an answer is no lead', () => {
  expect(fromCacheItem(KEY, stored(), NOW_MS)).toBeUndefined();
  const answer = toCacheItem(KEY, {
    events: [{ type: 'finish', reason: 'stop' }],
    modelServed: 'gpt-6-luna',
    costPico: 1n,
    storedAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 60_000,
  });
  if (!answer) throw new Error('it fits');
  expect(fromLeadItem(KEY, fromAttributes(toAttributes(answer)), NOW_MS)).toBeUndefined();
});

test('the lead over one answer has the answer’s own key; over several, one that depends on all and on no order', () => {
  expect(leadKeyOf(['a'])).toBe('a');
  const both = leadKeyOf(['a', 'b']);
  expect(leadKeyOf(['b', 'a'])).toBe(both);
  const others = [['a', 'c'], ['a', 'b', 'c'], ['ab'], ['a\nb'], ['b']].map((keys) => leadKeyOf(keys));
  expect(new Set([both, ...others]).size).toBe(6);
});
