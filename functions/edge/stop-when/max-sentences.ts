import type { TextGate } from '#protocol/text-gate.ts';
import { SentenceScanner } from './sentence-scanner.ts';
import { wholeCharacters } from './whole-characters.ts';

/**
 * Ends with the end mark of the given sentence, and what is closed behind it. The mark itself is let through at once: only
 * white space is held back, where what follows it says whether the last sentence has ended.
 */
export function maxSentences(most: number): TextGate {
  const scanner = new SentenceScanner();
  let left = most;
  let held = '';
  return wholeCharacters({
    push(text) {
      const whole = held + text;
      const offset = held.length;
      /** Where white space begins that nothing is known of yet. */
      let spaceAt = 0;
      for (let at = 0; at < text.length; at++) {
        const wasUndecided = scanner.isUndecided;
        if (scanner.take(text.charCodeAt(at)) && --left === 0) {
          held = '';
          return { text: whole.slice(0, wasUndecided ? spaceAt : offset + at), isEnough: true };
        }
        if (!wasUndecided && scanner.isUndecided) spaceAt = offset + at;
      }
      const passes = scanner.isUndecided && left === 1 ? spaceAt : whole.length;
      held = whole.slice(passes);
      return { text: whole.slice(0, passes), isEnough: false };
    },
    end: () => held,
  });
}
