import type { TextGate } from '#protocol/text-gate.ts';
import { wholeCharacters } from './whole-characters.ts';

/**
 * Ends before the literal. What may be its beginning is held back until more is known. Knuth, Morris and Pratt: a unit of the
 * text is looked at once, whatever the literal, and what is held back need not be kept, for the literal begins with it.
 *
 * @param literal well-formed, so that it never begins in the middle of a character
 */
export function untilLiteral(literal: string): TextGate {
  const fallbacks = fallbacksOf(literal);
  let matched = 0;
  return wholeCharacters({
    push(text) {
      const held = matched;
      /** So many units of what was held back and of the text, one after the other. */
      const first = (units: number): string =>
        units <= held ? literal.slice(0, units) : literal.slice(0, held) + text.slice(0, units - held);
      for (let at = 0; at < text.length; at++) {
        matched = step(literal, fallbacks, matched, text.charCodeAt(at));
        if (matched < literal.length) continue;
        matched = 0;
        return { text: first(held + at + 1 - literal.length), isEnough: true };
      }
      return { text: first(held + text.length - matched), isEnough: false };
    },
    end: () => literal.slice(0, matched),
  });
}

/** How much of the literal the text ends with after one more unit. */
function step(literal: string, fallbacks: readonly number[], matched: number, unit: number): number {
  let known = matched;
  while (known > 0 && literal.charCodeAt(known) !== unit) known = fallbacks[known] as number;
  return literal.charCodeAt(known) === unit ? known + 1 : 0;
}

/** For each length of a beginning of the literal: how long a shorter beginning of it is at its end. */
function fallbacksOf(literal: string): readonly number[] {
  const fallbacks = [0, 0];
  for (let length = 1; length < literal.length; length++) {
    fallbacks.push(step(literal, fallbacks, fallbacks[length] as number, literal.charCodeAt(length)));
  }
  return fallbacks;
}
