import type { Detector } from '../../detector.ts';
import { luhn } from '../../luhn.ts';

// Issuers' ranges and lengths: Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay, Mir, Troy, RuPay,
// Maestro, Dankort.
const ISSUED =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|22[2-9]|2[3-6]\d|27[01]|2720)\d{12,14}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35(?:2[89]|[3-8]\d)\d{12,15}|(?:2131|1800)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}|220[0-4]\d{12}|9792\d{12}|(?:60|81|82|508)\d{13,14}|5019\d{12})$/;
const WORD = /(?:card|credit|debit|\bcc|maestro|visa|pan)\b[^\d\n]{0,32}$/i;

/** Payment cards: an issuer's range, its length and the Luhn digit; where that says too little, a word before it. */
export const card: Detector = {
  kind: 'CARD',
  category: 'personal',
  anchor: { digits: 12 },
  pattern:
    /(?<![\w.+-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}|\d{12,19})(?!\d|[.-]\d)/y,
  validate(match) {
    const digits = match[0].replaceAll(/\D/g, '');
    if (!luhn(digits) || /^(\d)\1+$/.test(digits)) return false;
    // Shorter and longer ones are too like other numbers, and ranges change: there a word before it has to say so.
    if (ISSUED.test(digits) && (digits.length < 17 || match[0].length > digits.length)) return true;
    return WORD.test(match.input.slice(Math.max(0, match.index - 48), match.index));
  },
  longest: 72,
  example: '4111 1111 1111 1111',
  source: 'ISO/IEC 7812-1; the issuers’ ranges',
};
