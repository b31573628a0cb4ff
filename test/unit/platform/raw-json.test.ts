import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '#platform/canonical-json.ts';
import { isRawJson, parseKeepingNumbers } from '#platform/raw-json.ts';

const SEED = 20_261_122;

test('any number is printed again with all its digits, or holds them all as a plain one', () => {
  const integer = fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String);
  const decimal = fc.stringMatching(/^-?(0|[1-9]\d{0,24})\.\d{0,23}[1-9]$/);
  fc.assert(
    fc.property(fc.oneof(integer, decimal), (text) => {
      expect(JSON.stringify(parseKeepingNumbers(`{"a":[${text}]}`))).toBe(
        // What has fewer digits than any double keeps may be printed in another form, such as 1e-7.
        text.length > 15 ? `{"a":[${text}]}` : `{"a":[${JSON.stringify(Number(text))}]}`,
      );
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

test('numbers that JavaScript holds exactly are plain ones', () => {
  const value = parseKeepingNumbers('[1, -0.5, 9007199254740991, 1e3, 0, 0e0, "12345678901234567890"]');
  expect(value).toEqual([1, -0.5, 9_007_199_254_740_991, 1_000, 0, 0, '12345678901234567890']);
});

test('numbers that would become null or nothing are kept', () => {
  expect(JSON.stringify(parseKeepingNumbers('[1e400,-1e400,1e-400,9007199254740993]'))).toBe(
    '[1e400,-1e400,1e-400,9007199254740993]',
  );
});

test('an object that looks like one is none', () => {
  const value = parseKeepingNumbers('{"rawJSON":"12345678901234567890"}');
  expect(isRawJson(value)).toBe(false);
  expect(canonicalJson(value)).toBe('{"rawJSON":"12345678901234567890"}');
});

test('C2 in canonical JSON such a number has its own digits, so that two that differ have two keys', () => {
  const of = (text: string) => canonicalJson(parseKeepingNumbers(`{"seed":${text}}`));
  expect(of('12345678901234567890')).toBe('{"seed":12345678901234567890}');
  expect(of('12345678901234567890')).not.toBe(of('12345678901234567891'));
});
