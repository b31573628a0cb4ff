import { jsonPointer } from './json-pointer.ts';
import { numberPlaces, type Place } from './number-places.ts';
import type { Path } from './schema-node.ts';
import type { Piece } from './split-text.ts';

/**
 * Where the values stand in the text: of each text and number in `value`, by its JSON pointer, the UTF-16 offsets. A value that does
 * not stand there word for word (a number: in a common spelling) has none.
 *
 * A value may stand in several places. The piece that it came from is looked through; within a list, from where the item
 * before it began, and within an item from where its first member was found; a whole word goes before a part of one.
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
      // In a list each item moves the search on; in an item its first member does.
      if (areNear && at !== undefined && (typeof step === 'number' || !isSet)) {
        from = at;
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
    if (typeof value !== 'string' || value === '') return undefined;
    const words = this.#find(value, from, piece, true) ?? this.#find(value, piece.start, piece, true);
    return words ?? this.#find(value, from, piece, false) ?? this.#find(value, piece.start, piece, false);
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

  #find(value: string, from: number, piece: Piece, isWord: boolean): Place | undefined {
    const text = this.#textOf(piece);
    let start = text.indexOf(value, from - piece.start);
    for (let tries = 0; start >= 0 && tries < MOST_TRIES; tries++) {
      const end = start + value.length;
      if (!isWord || (isEdge(text, start) && isEdge(text, end)))
        return { start: start + piece.start, end: end + piece.start };
      start = text.indexOf(value, start + 1);
    }
    return undefined;
  }
}

/** A single letter may stand in ten thousand words before it stands alone. */
const MOST_TRIES = 200;
const WORD = /[\p{L}\p{N}]/u;

/** Whether a word begins or ends here: not in the middle of one. */
function isEdge(text: string, at: number): boolean {
  return !WORD.test(text[at - 1] ?? '') || !WORD.test(text[at] ?? '');
}
