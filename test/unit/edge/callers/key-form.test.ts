import { assert, constantFrom, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { isMistypedCallerKey, looksLikeCallerKey, mintCallerKey } from '#edge/callers/key-form.ts';
import { createRedactor } from '#redaction/redactor.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** A key in its parts, so that no file holds one whole. The checksum is CRC-32 of the 34 zeros, by another implementation (Python's zlib). */
const KNOWN = ['weir', `${'0'.repeat(34)}0iqUEf`].join('_');

test('a minted key is one, by another implementation’s checksum too, and no two are the same', () => {
  expect(looksLikeCallerKey(KNOWN)).toBe(true);
  const keys = Array.from({ length: 500 }, mintCallerKey);
  for (const key of keys) {
    expect(key).toMatch(/^weir_[0-9A-Za-z]{40}$/);
    expect([looksLikeCallerKey(key), isMistypedCallerKey(key)]).toEqual([true, false]);
  }
  expect(new Set(keys).size).toBe(keys.length);
});

test('a key with one character changed, or two exchanged, is mistyped', () => {
  assert(
    property(nat(39), constantFrom(...BASE62.split('')), nat(38), (at, character, swapped) => {
      const key = mintCallerKey();
      const place = 'weir_'.length + at;
      const changed = key.slice(0, place) + character + key.slice(place + 1);
      expect(isMistypedCallerKey(changed)).toBe(changed !== key);
      const pair = 'weir_'.length + swapped;
      const exchanged = key.slice(0, pair) + key[pair + 1] + key[pair] + key.slice(pair + 2);
      expect(isMistypedCallerKey(exchanged)).toBe(exchanged !== key);
    }),
  );
});

test.each([
  '',
  'a',
  'weir_',
  `weir_${'0'.repeat(39)}`,
  `weir_${'0'.repeat(48)}`,
  `Weir_${'0'.repeat(40)}`,
  'a fixed key',
])('what has another form is neither a key nor mistyped: %j', (text) => {
  expect([looksLikeCallerKey(text), isMistypedCallerKey(text)]).toEqual([false, false]);
});

test('the redactor finds every minted key', () => {
  const redactor = createRedactor();
  for (let times = 0; times < 200; times++) {
    const key = mintCallerKey();
    expect(redactor.redact(`the key is ${key}, keep it`).text).toBe('the key is [WEIR_KEY], keep it');
  }
});
