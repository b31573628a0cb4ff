import { jsonPointer } from './json-pointer.ts';
import { numberPlaces, type Place } from './number-places.ts';
import type { Path } from './schema-node.ts';
import type { Piece } from './split-text.ts';

/**
 * Where the values stand in the text: of each text and number in `value`, by its JSON pointer, the UTF-16 offsets. A value that does
 * not stand there word for word (a number: in a common spelling) has none.
 *
 * A value may stand in several places. The piece that it came from is looked through; within a list, from behind where
 * the item before it began, and within an item from where its first member was found. A part of a word is no source.
 *
 * @param origins from which piece a part of the value came, by JSON pointer; absent: the whole text
 */
export function findSources(text: string, value: unknown, origins: ReadonlyMap<string, Piece>): Record<string, Place> {
  const search = new Search(text, origins);
  search.walk(value, [], { piece: { start: 0, end: text.length }, from: 0 });
  return Object.fromEntries(search.found);
}

interface Scope {
  readonly piece: Piece;
  /** Where the search begins. */
  readonly from: number;
}

class Search {
  readonly found: [string, Place][] = [];
  #triesLeft = MOST_TRIES;
  readonly #text: string;
  readonly #origins: ReadonlyMap<string, Piece>;
  readonly #texts = new Map<Piece, string>();
  readonly #numbers = new Map<Piece, ReadonlyMap<number, Place[]>>();

  constructor(text: string, origins: ReadonlyMap<string, Piece>) {
    this.#text = text;
    this.#origins = origins;
  }

  /** @returns where its first leaf that was found stands */
  walk(value: unknown, path: Path, outer: Scope): number | undefined {
    const scope = this.#within(path, outer);
    if (Array.isArray(value)) return this.#walkAll(value.entries(), path, scope, true);
    if (value !== null && typeof value === 'object')
      return this.#walkAll(Object.entries(value), path, scope, path.length > 0);
    const place = this.#locate(value, scope);
    if (place) this.found.push([jsonPointer(path), place]);
    return place?.start;
  }

  /** Parts of one thing stand near each other; members of the whole value anywhere. */
  #walkAll(
    parts: Iterable<[string | number, unknown]>,
    path: Path,
    scope: Scope,
    areNear: boolean,
  ): number | undefined {
    let first: number | undefined;
    let { from } = scope;
    let isSet = false;
    for (const [step, part] of parts) {
      const at = this.walk(part, [...path, step], { ...scope, from });
      first ??= at;
      // In a list each item moves the search on, behind where it begins; in an item its first member does, which may be read again.
      if (areNear && at !== undefined && (typeof step === 'number' || !isSet)) {
        from = typeof step === 'number' ? at + 1 : at;
        isSet = true;
      }
    }
    return first;
  }

  #within(path: Path, scope: Scope): Scope {
    const piece = this.#origins.get(jsonPointer(path));
    if (!piece) return scope;
    return { piece, from: Math.min(Math.max(scope.from, piece.start), piece.end) };
  }

  #locate(value: unknown, { piece, from }: Scope): Place | undefined {
    if (typeof value === 'number') {
      const places = this.#numbersIn(piece).get(value) ?? [];
      return places.find(({ start }) => start >= from) ?? places[0];
    }
    if (typeof value !== 'string' || value === '' || !value.isWellFormed()) return undefined;
    return this.#find(value, from, piece) ?? this.#find(value, piece.start, piece);
  }

  #numbersIn(piece: Piece): ReadonlyMap<number, Place[]> {
    let places = this.#numbers.get(piece);
    if (!places) {
      const relative = numberPlaces(this.#text.slice(piece.start, piece.end));
      const shift = ({ start, end }: Place) => ({ start: start + piece.start, end: end + piece.start });
      places = new Map([...relative].map(([number, each]) => [number, each.map(shift)]));
      this.#numbers.set(piece, places);
    }
    return places;
  }

  #textOf(piece: Piece): string {
    let own = this.#texts.get(piece);
    if (own === undefined) this.#texts.set(piece, (own = this.#text.slice(piece.start, piece.end)));
    return own;
  }

  #find(value: string, from: number, piece: Piece): Place | undefined {
    const text = this.#textOf(piece);
    let start = text.indexOf(value, from - piece.start);
    for (; start >= 0 && this.#triesLeft > 0; this.#triesLeft--) {
      const end = start + value.length;
      if (isEdge(text, start) && isEdge(text, end)) return { start: start + piece.start, end: end + piece.start };
      start = text.indexOf(value, start + 1);
    }
    return undefined;
  }
}

/** In all, some 0.1 s: a single letter may stand in ten thousand words before it stands alone, and a list may have a thousand of it. */
const MOST_TRIES = 200_000;
/** Letters with what is written over them; digits are a word of their own, as in `12kg`. */
const LETTER = /[\p{L}\p{M}]/u;
const DIGIT = /\p{N}/u;
/** Scripts that put no space between words, or write particles on to them: any two of their letters may be the end of one and the beginning of another. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Hangul}]/u;

/** Whether a word may begin or end here. In the middle of one a value would be somebody else's: `EUR` is not in `EUROPE`. */
function isEdge(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 2), at).match(LAST)?.[0] ?? '';
  const behind = String.fromCodePoint(text.codePointAt(at) ?? 0x20);
  if (/\p{M}/u.test(behind)) return false;
  if (UNSPACED.test(before) || UNSPACED.test(behind)) return true;
  return !(LETTER.test(before) && LETTER.test(behind)) && !(DIGIT.test(before) && DIGIT.test(behind));
}

/** The last character, a surrogate pair whole. */
const LAST = /.$/su;
