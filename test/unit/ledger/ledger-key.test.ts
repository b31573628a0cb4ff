import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { daysBetween, ledgerKey, partitionKey } from '#ledger/ledger-key.ts';
import { mintCallId, mintedAtMs } from '#platform/call-id.ts';

test('the key of a call derives from endpoint and call id alone: its day in UTC, its time, itself', () => {
  const callId = mintCallId(Date.UTC(2026, 10, 30, 23, 59, 59, 999));
  expect(ledgerKey('summarize', callId, 1)).toEqual({
    pk: 'summarize#2026-11-30#0',
    sk: `2026-11-30T23:59:59.999Z#${callId}`,
  });
  expect(ledgerKey('summarize', mintCallId(Date.UTC(2026, 11, 1)), 1).pk).toBe('summarize#2026-12-01#0');
});

test('shards share the calls of a day about evenly, and a call always finds its own', () => {
  const counts = new Map<string, number>();
  for (let call = 0; call < 4_000; call++) {
    const callId = mintCallId(Date.UTC(2026, 10, 22));
    const { pk } = ledgerKey('summarize', callId, 4);
    expect(ledgerKey('summarize', callId, 4).pk).toBe(pk);
    counts.set(pk, (counts.get(pk) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(
    [0, 1, 2, 3].map((shard) => partitionKey('summarize', '2026-11-22', shard)),
  );
  for (const count of counts.values()) expect(count).toBeGreaterThan(800);
});

test('a call id keeps its moment to the millisecond, and ids sort by it', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.nat(2 ** 31), (a, b) => {
      const [earlier = 0, later = 0] = [a, b].map((seconds) => seconds * 1000 + 7).sort((x, y) => x - y);
      expect(mintedAtMs(mintCallId(later))).toBe(later);
      if (earlier < later) expect(mintCallId(earlier) < mintCallId(later)).toBe(true);
    }),
    { seed: 20_261_122 },
  );
});

test('days between two days are all of them, both ends included, over months, years and leap days', () => {
  expect([...daysBetween('2026-11-30', '2026-12-01')]).toEqual(['2026-11-30', '2026-12-01']);
  expect([...daysBetween('2028-02-28', '2028-03-01')]).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  expect([...daysBetween('2026-12-31', '2027-01-01')]).toEqual(['2026-12-31', '2027-01-01']);
  expect([...daysBetween('2026-11-22', '2026-11-22')]).toEqual(['2026-11-22']);
  expect([...daysBetween('2026-11-23', '2026-11-22')]).toEqual([]);
});
