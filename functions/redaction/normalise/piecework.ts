/** A place in a text: UTF-16 offsets, end exclusive. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** How a piece lies in the encoded text: unit by unit, as one whole, or each three bytes in four signs. */
export type Weave = 'copied' | 'whole' | 'base64';

interface Piece {
  /** Where it starts in the decoded text. */
  readonly at: number;
  /** From where to where it stood in the encoded one. */
  readonly from: number;
  readonly to: number;
  readonly weave: Weave;
  /** Of base64: bytes of the first four signs that are not part of the piece. */
  readonly skipped: number;
}

/** Puts a decoded text together from pieces and remembers whence each came. */
export class Piecework {
  text = '';
  readonly #pieces: Piece[] = [];

  add(part: string, from: number, to: number, weave: Weave, skipped = 0): void {
    if (part === '') return;
    this.#pieces.push({ at: this.text.length, from, to, weave, skipped });
    this.text += part;
  }

  /** The smallest part of the encoded text that holds what `start` to `end` of the decoded one came of. */
  toEncoded(start: number, end: number): Place {
    const last = Math.max(start, end - 1);
    return { start: placeIn(this.#pieceAt(start), start).start, end: placeIn(this.#pieceAt(last), last).end };
  }

  /** The last piece that starts at or before an offset. */
  #pieceAt(offset: number): Piece | undefined {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pieces[middle] as Piece).at <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#pieces[low];
  }
}

/** Where one unit of a piece stood. */
function placeIn(piece: Piece | undefined, offset: number): Place {
  if (piece === undefined) return { start: 0, end: 0 };
  const { at, from, to, weave, skipped } = piece;
  if (weave === 'whole') return { start: from, end: to };
  if (weave === 'copied') return { start: from + offset - at, end: from + offset - at + 1 };
  const group = from + 4 * Math.floor((offset - at + skipped) / 3);
  // What is left behind the last whole group is its padding.
  return { start: group, end: group + 8 > to ? to : group + 4 };
}
