import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatUsd, multiplyRoundingUp, parseUsd, picoUsdPerUsd } from '#platform/money.ts';

const seed = 20_261_122;
const amounts = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });

test.each([
  ['0', 0n],
  ['1', picoUsdPerUsd],
  ['0.25', 250_000_000_000n],
  ['0.40', 400_000_000_000n],
  ['-3.5', -3_500_000_000_000n],
  ['-0.000000000001', -1n],
  ['0.000000000001', 1n],
  ['99999999999999999999999999.999999999999', 10n ** 38n - 1n],
])('reads %s exactly', (text, pico) => {
  expect(parseUsd(text)).toBe(pico);
});

test.each([
  ['', ' 1', '1 ', '+1', '.5', '5.', '01', '1,000', '1_000', '$1', '1e3', '1E-6', '0x10', 'NaN', 'Infinity', '--1'],
  ['1.2.3', '٣', '1\n', '0.0000000000001', '100000000000000000000000000'],
])('refuses what is not a plain decimal and names it', (...texts) => {
  for (const text of texts) {
    expect(() => parseUsd(text), text).toThrow(RangeError);
    expect(() => parseUsd(text), text).toThrow(JSON.stringify(text));
  }
});

test('refuses a float, and shortens an endless value in its message', () => {
  expect(() => parseUsd(0.1 as never)).toThrow('but got a number');
  expect(() => parseUsd('9'.repeat(10_000))).toThrow(/^.{50,140}$/);
});

test.each([
  [0n, '0'],
  [1n, '0.000000000001'],
  [-1n, '-0.000000000001'],
  [250_000_000_000n, '0.25'],
  [10n * picoUsdPerUsd, '10'],
  [-1_500_000_000_000n, '-1.5'],
])('writes %s as %s, without trailing zeros', (pico, text) => {
  expect(formatUsd(pico)).toBe(text);
});

test('what is written reads back as the same amount', () => {
  fc.assert(
    fc.property(amounts, (pico) => {
      const text = formatUsd(pico);
      expect(parseUsd(text)).toBe(pico);
      expect(text).not.toMatch(/\.\d*0$|\.$|^-0$/);
    }),
    { seed },
  );
});

test('L3 100,000 sub-cent costs add up exactly, where floats do not', () => {
  const cost = '0.000012345679';
  let total = 0n;
  let float = 0;
  for (let call = 0; call < 100_000; call += 1) {
    total += parseUsd(cost);
    float += Number(cost);
  }
  expect(formatUsd(total)).toBe('1.2345679');
  expect(float).not.toBe(1.2345679);
});

test('L3 a sum does not depend on the order or the grouping of its parts', () => {
  fc.assert(
    fc.property(fc.array(amounts), fc.nat(), (parts, cut) => {
      const sum = (some: readonly bigint[]) => some.reduce((a, b) => a + parseUsd(formatUsd(b)), 0n);
      const at = cut % (parts.length + 1);
      expect(sum(parts.toReversed())).toBe(sum(parts));
      expect(sum(parts.slice(0, at)) + sum(parts.slice(at))).toBe(sum(parts));
    }),
    { seed },
  );
});

test('a product rounds up by less than one pico-dollar, and not at all when it is exact', () => {
  const positive = fc.bigInt({ min: 1n, max: 10n ** 12n });
  fc.assert(
    fc.property(amounts, positive, positive, (amount, numerator, denominator) => {
      const product = multiplyRoundingUp(amount, { numerator, denominator });
      const excess = product * denominator - amount * numerator;
      expect(excess >= 0n && excess < denominator).toBe(true);
    }),
    { seed },
  );
  expect(multiplyRoundingUp(1n, { numerator: 1n, denominator: 3n })).toBe(1n);
  expect(multiplyRoundingUp(-1n, { numerator: 1n, denominator: 3n })).toBe(0n);
  expect(multiplyRoundingUp(6n, { numerator: 1n, denominator: 3n })).toBe(2n);
  expect(() => multiplyRoundingUp(1n, { numerator: 1n, denominator: 0n })).toThrow(RangeError);
});

test('parts rounded up each never exceed their whole at a unit price rounded up', () => {
  const tokens = fc.bigInt({ min: 0n, max: 10n ** 7n });
  const ratios = fc.record({
    numerator: fc.bigInt({ min: 0n, max: 10n ** 9n }),
    denominator: fc.bigInt({ min: 1n, max: 10n ** 7n }),
  });
  fc.assert(
    fc.property(tokens, tokens, ratios, (a, b, ratio) => {
      const parts = multiplyRoundingUp(a, ratio) + multiplyRoundingUp(b, ratio);
      expect(parts <= (a + b) * multiplyRoundingUp(1n, ratio)).toBe(true);
    }),
    { seed },
  );
});
