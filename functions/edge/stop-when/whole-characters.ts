import type { Passage, TextGate } from '#protocol/text-gate.ts';

const NOTHING: Passage = Object.freeze({ text: '', isEnough: false });

/** A gate that is given whole characters only: the first half of a surrogate pair waits for its second. */
export function wholeCharacters(inner: TextGate): TextGate {
  let half = '';
  return {
    push(piece) {
      const text = half + piece;
      half = endsInHalf(text) ? text.slice(-1) : '';
      const whole = half === '' ? text : text.slice(0, -1);
      if (whole === '') return NOTHING;
      const passage = inner.push(whole);
      if (passage.isEnough) half = '';
      return passage;
    },
    // Half a character that stays one is none: it counts for nothing, and nothing ends with it.
    end: () => inner.end() + half,
  };
}

function endsInHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}
