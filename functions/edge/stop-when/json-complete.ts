import type { TextGate } from '#protocol/text-gate.ts';
import { JsonScanner } from './json-scanner.ts';
import { wholeCharacters } from './whole-characters.ts';

/**
 * Ends with the first complete JSON value. White space may stand before it, anything after it. Objects, arrays and strings end
 * with their last character; numbers and `true`, `false`, `null` only where white space follows, for `1` may become `10` or
 * `1. First`. A text that begins with anything else never ends here. Nothing is held back.
 */
export function jsonComplete(): TextGate {
  const scanner = new JsonScanner();
  return wholeCharacters({
    push(text) {
      for (let at = 0; at < text.length && scanner.isOpen; at++) {
        const found = scanner.take(text.charCodeAt(at));
        if (found === 'ends') return { text: text.slice(0, at + 1), isEnough: true };
        if (found === 'has-ended') return { text: text.slice(0, at), isEnough: true };
      }
      return { text, isEnough: false };
    },
    end: () => '',
  });
}
