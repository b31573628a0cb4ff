import type { TextGate } from '#protocol/text-gate.ts';
import { wholeCharacters } from './whole-characters.ts';

/** Ends with the given character. Characters are Unicode's code points: an emoji of one code point is one, not two. */
export function maxCharacters(most: number): TextGate {
  let left = most;
  return wholeCharacters({
    push(text) {
      let at = 0;
      while (left > 0 && at < text.length) {
        at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
        left--;
      }
      return { text: text.slice(0, at), isEnough: left === 0 };
    },
    end: () => '',
  });
}
