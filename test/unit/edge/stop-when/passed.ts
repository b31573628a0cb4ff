import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { TextGate } from '#protocol/text-gate.ts';

/** What came out of a gate in the end, and whether it had enough before that. */
export interface Outcome {
  readonly text: string;
  readonly isEnough: boolean;
}

/** Sends pieces through a gate to its end. What comes out is never cut in the middle of a character, nor longer than what went in. */
export function passed(gate: TextGate, pieces: readonly string[]): Outcome {
  const whole = pieces.join('');
  let text = '';
  let given = 0;
  for (const piece of pieces) {
    const passage = gate.push(piece);
    text += passage.text;
    given += piece.length;
    expect(text.length).toBeLessThanOrEqual(given);
    expect(isWithinPair(whole, text.length)).toBe(false);
    if (passage.isEnough) {
      expect(gate.end()).toBe('');
      return { text, isEnough: true };
    }
  }
  return { text: text + gate.end(), isEnough: false };
}

/** Any pieces, empty ones too, that make up this text. */
export function piecesOf(text: string): fc.Arbitrary<string[]> {
  return fc.array(fc.nat(text.length), { maxLength: 10 }).map((places) => {
    const sorted = [0, ...places, text.length].sort((a, b) => a - b);
    return sorted.slice(1).map((end, index) => text.slice(sorted[index], end));
  });
}

/**
 * What holds for every gate: cutting the text anyhow changes nothing of its outcome, which is the beginning of the text, and
 * all of it where the gate never had enough. (In a row, what one gate held back may be too much for another at the end of the
 * text, where nothing is left to be ended.)
 */
export function holdsForAnyCut<Wish>(
  wishes: fc.Arbitrary<Wish>,
  texts: fc.Arbitrary<string>,
  newGate: (wish: Wish) => TextGate,
  isRow = false,
): void {
  const cases = fc.tuple(wishes, texts).chain(([wish, text]) => fc.tuple(fc.constant({ wish, text }), piecesOf(text)));
  fc.assert(
    fc.property(cases, ([{ wish, text }, pieces]) => {
      const whole = passed(newGate(wish), [text]);
      expect(text.startsWith(whole.text)).toBe(true);
      if (!whole.isEnough && !isRow) expect(whole.text).toBe(text);
      expect(passed(newGate(wish), pieces)).toEqual(whole);
      expect(passed(newGate(wish), text.split(''))).toEqual(whole);
    }),
    { numRuns: 2_000 },
  );
}

/** Texts of these parts in any order. */
export function textOf(...parts: string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...parts), { maxLength: 14 }).map((chosen) => chosen.join(''));
}

function isWithinPair(text: string, place: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(place - 1, 0), place + 1));
}
