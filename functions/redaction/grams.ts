/**
 * Three characters in a row, six bits each: what the scanner looks up once per character.
 *
 * Six bits tell letters whatever their case, digits and most signs from each other, and cost no table of their own.
 * What they confuse (`|` and `\`, or any character beyond ASCII with some ASCII one) only costs a look.
 */
export const GRAMS = 1 << 18;

/** A UTF-16 unit's six bits. The scanner's loop has the same inline. */
export function sixBits(unit: number): number {
  return (unit & 31) | ((unit >> 1) & 32);
}

/** Where in a literal of three units or more its rarest three end (units from its start), and the gram that they are. */
export function rarestGram(literal: string): { readonly end: number; readonly gram: number } {
  let best = 0;
  let end = 2;
  for (let index = 2; index < literal.length; index += 1) {
    const rarity = rarityAt(literal, index - 2) * rarityAt(literal, index - 1) * rarityAt(literal, index);
    if (rarity > best) {
      best = rarity;
      end = index;
    }
  }
  return { end, gram: gramOf(literal, end - 2, end) };
}

/** Visits the grams that may end in a literal of one or two units: anything may stand before it. */
export function eachGramEndingIn(literal: string, visit: (gram: number) => void): void {
  const step = 1 << (6 * literal.length);
  for (let gram = gramOf(literal, 0, literal.length - 1); gram < GRAMS; gram += step) visit(gram);
}

function gramOf(literal: string, from: number, to: number): number {
  let gram = 0;
  for (let index = from; index <= to; index += 1) gram = (gram << 6) | sixBits(literal.charCodeAt(index));
  return gram;
}

const COMMON_LETTERS = ' etaoinsrlhdcumfpgwybvkjxqz';

/** How seldom a character is met in prose and code, roughly: common letters 1, rare ones and signs more. */
function rarityAt(literal: string, index: number): number {
  const unit = literal.charCodeAt(index);
  if (unit > 64 && (unit & 31) <= 26) return 1 + COMMON_LETTERS.indexOf(String.fromCharCode(unit | 32)) / 3;
  return unit === 45 || unit === 46 || unit === 47 || unit === 32 || unit === 61 ? 2 : 5;
}
