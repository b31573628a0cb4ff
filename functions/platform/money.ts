/** An amount of money in pico-US-dollars: 1 USD is 10¹² of them. Integers add up; floats do not. */
export type PicoUsd = bigint;

/** An exact fraction, for price factors such as 3/2; its denominator is positive. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** 10¹²: fine enough that one token of the cheapest model is still a whole number of them. */
export const picoUsdPerUsd = 1_000_000_000_000n;

const decimals = 12;

/** 26 digits before the point and 12 after it are the 38 that a DynamoDB number keeps exactly. */
const usdPattern = /^-?(?:0|[1-9]\d{0,25})(?:\.\d{1,12})?$/;

/**
 * Reads a decimal amount of US dollars: `'0.25'`, `'1200'`, `'-3.5'`. No exponent, sign `+`, white space or
 * leading zero, and never a JavaScript number: what cannot be read exactly is refused rather than rounded.
 *
 * @throws RangeError that names the value, when it has any other form, more than 12 decimals or 26 whole digits
 */
export function parseUsd(text: string): PicoUsd {
  if (typeof text !== 'string' || !usdPattern.test(text)) {
    const received = typeof text === 'string' ? JSON.stringify(text.slice(0, 40)) : `a ${typeof text}`;
    throw new RangeError(`a USD amount must be a decimal like "0.25" with at most 12 decimals, but got ${received}`);
  }
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

/**
 * Writes an amount as an exact decimal of US dollars, without trailing zeros and without rounding: `'0'`, `'0.25'`,
 * `'-3.5'`, `'0.000000000001'`. Cents are a matter of display, not of this function.
 */
export function formatUsd(amount: PicoUsd): string {
  const sign = amount < 0n ? '-' : '';
  const digits = String(amount < 0n ? -amount : amount).padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  return sign + digits.slice(0, -decimals) + (fraction === '' ? '' : `.${fraction}`);
}

/**
 * `amount × ratio`, a fraction of a pico-dollar rounded towards +∞: what is charged or held is never too little.
 *
 * @throws RangeError when the denominator is not positive
 */
export function multiplyRoundingUp(amount: bigint, { numerator, denominator }: Ratio): bigint {
  if (denominator <= 0n) throw new RangeError(`a denominator must be positive, but got ${denominator}`);
  const product = amount * numerator;
  // BigInt division truncates towards zero, which is already upwards for negative products.
  const remainder = product % denominator;
  return product / denominator + (remainder > 0n ? 1n : 0n);
}
