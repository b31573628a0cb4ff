import { expect, test } from 'vitest';
import { heldRateOf } from '#edge/callers/caller-rate.ts';
import { RATE_TIERS } from '#edge/callers/rate-tiers.ts';
import { sharedUsageKey, usageKeyName, usageKeyOf, usageKeyPrefix } from '#edge/callers/usage-key.ts';

const NOON_MS = Date.UTC(2026, 10, 22, 12);
const shop = { id: 'shop', requestsPerSecond: 5 } as const;
const plannedRate = { apiId: 'a1b2c3d4e5', from: new Date(NOON_MS).toISOString() };
const own = { usageKey: usageKeyOf('a1b2c3d4e5', 'shop', 5) };
const counted = { usageKey: sharedUsageKey('a1b2c3d4e5'), countedPerSecond: 5 };

test('without a rate the API key is the one that all share', () => {
  expect(heldRateOf({ id: 'shop' }, 'a1b2c3d4e5', NOON_MS)).toEqual({ usageKey: sharedUsageKey('a1b2c3d4e5') });
});

test('API Gateway is relied on from the moment that the record says, and until then Weir counts', () => {
  expect(heldRateOf({ ...shop, plannedRate }, 'a1b2c3d4e5', NOON_MS - 1)).toEqual(counted);
  expect(heldRateOf({ ...shop, plannedRate }, 'a1b2c3d4e5', NOON_MS)).toEqual(own);
  expect(heldRateOf(shop, 'a1b2c3d4e5', NOON_MS)).toEqual(counted);
});

test('what was arranged with an API that is gone counts for nothing: its successor knows none of the keys', () => {
  const held = heldRateOf({ ...shop, plannedRate }, 'zzzzzzzzzz', NOON_MS);
  expect(held).toEqual({ usageKey: sharedUsageKey('zzzzzzzzzz'), countedPerSecond: 5 });
});

test('values are what API Gateway takes, and differ by API, caller and rate', () => {
  const apiIds = ['a1b2c3d4e5', 'zzzzzzzzzz'];
  const valuesOf = (apiId: string) =>
    ['shop', 'shop2'].flatMap((id) => RATE_TIERS.map((tier) => usageKeyOf(apiId, id, tier)));
  const values = apiIds.flatMap(valuesOf).concat(apiIds.map(sharedUsageKey));
  for (const value of values) expect(value).toMatch(/^[A-Za-z0-9]{20,128}$/);
  expect(new Set(values).size).toBe(values.length);
});

test('a caller’s names begin as no other caller’s do', () => {
  expect(usageKeyName('a1b2c3d4e5', 'shop', 5).startsWith(usageKeyPrefix('a1b2c3d4e5', 'shop'))).toBe(true);
  for (const other of ['shop2', 'shop.5', 'sho'])
    expect(usageKeyName('a1b2c3d4e5', other, 5).startsWith(usageKeyPrefix('a1b2c3d4e5', 'shop'))).toBe(false);
});
