import { decodeBase64 } from './base64.ts';
import type { Place } from './piecework.ts';
import { unescape } from './unescape.ts';

/** A text as it reads once encodings are taken off, and the way back. */
export interface View {
  readonly text: string;
  /** The smallest part of the original text that holds what `start` to `end` of this one came of. */
  toOriginal(start: number, end: number): Place;
}

/** Base64 in a URL in JSON: deeper than this nobody looks. */
const MOST_DEPTH = 3;
/** All views of a text together are at most so many times as long as it, and so much. */
const MOST_GROWTH = 2;
const MOST_EXTRA = 4096;

/**
 * The texts that are hidden in a text: behind JSON's, URL's and HTML's escapes, base64, unseen marks and other forms of
 * ASCII, also one in another. A text without any costs one cheap look. What is found in a view is masked in the
 * original: whole escapes, and of base64 the groups of four signs that hold it.
 */
export function* viewsOf(text: string): Generator<View> {
  let room = MOST_GROWTH * text.length + MOST_EXTRA;
  let layer: View[] = [{ text, toOriginal: (start, end) => ({ start, end }) }];
  for (let depth = 0; depth < MOST_DEPTH && layer.length > 0; depth += 1) {
    const next: View[] = [];
    for (const outer of layer) {
      for (const decode of [unescape, decodeBase64]) {
        const decoded = decode(outer.text);
        if (decoded === undefined || decoded.text.length > room) continue;
        room -= decoded.text.length;
        const view: View = {
          text: decoded.text,
          toOriginal(start, end) {
            const place = decoded.toEncoded(start, end);
            return outer.toOriginal(place.start, place.end);
          },
        };
        yield view;
        next.push(view);
      }
    }
    layer = next;
  }
}
