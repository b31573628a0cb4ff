/** A part of a text, by UTF-16 offsets. Neighbours may overlap. */
export interface Piece {
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
}

/**
 * The most that one question reads: 8,000 tokens or so of a Latin script, 10,000 of Chinese, and never more than 32,000, for a
 * token has at least one byte. A text of 300,000 characters is some ten to forty questions then, each of which a small model
 * answers in seconds.
 */
const MAX_PIECE_BYTES = 32_000;
/** A border is looked for in the last quarter of a piece. */
const BORDER_SHARE = 0.25;
/** What a piece repeats of the one before it, where the border is not that of a paragraph: a fact may stand across it. */
const OVERLAP_CHARS = 400;

/** Kinds of borders, the best first; a piece ends behind what is matched. */
const BORDERS = [
  { kind: 'paragraph', mark: /\n[^\S\n]*\n\s*/gu },
  { kind: 'line', mark: /\n/gu },
  // Behind marks of scripts without spaces, none has to follow.
  { kind: 'sentence', mark: /(?:[.!?…]["'”’»)\]]*\s+|[。！？]["'”’」』）]*)/gu },
  { kind: 'word', mark: /\s+/gu },
] as const;

/** So much before a part that must not be cut belongs to it: the words by which a value is known for what it is. */
const CONTEXT_CHARS = 200;

/** Whether a text has to be read in pieces. */
export function needsPieces(text: string): boolean {
  return endWithin(text, 0, MAX_PIECE_BYTES) < text.length;
}

/**
 * Splits a text into pieces that fit one question, at borders of paragraphs or else of lines, sentences, words.
 * @param whole parts in which no piece may begin or end, in order: half of a secret is not known for one
 */
export function splitText(text: string, maxBytes = MAX_PIECE_BYTES, whole: readonly Piece[] = []): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  for (;;) {
    const most = endWithin(text, start, maxBytes);
    if (most === text.length) return [...pieces, { start, end: most }];
    const border = lastBorder(text, start, most);
    const end = clearOf(whole, border.end, start);
    pieces.push({ start, end });
    const next = border.kind === 'paragraph' && end === border.end ? end : overlapStart(text, start, end);
    start = clearOf(whole, next, start);
  }
}

/** The longest end whose text has at most so many bytes in UTF-8. Half a surrogate pair is sent as a mark of three. */
function endWithin(text: string, start: number, maxBytes: number): number {
  let bytes = 0;
  let at = start;
  while (at < text.length) {
    const code = text.codePointAt(at) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > maxBytes) return at;
    at += code < 0x10000 ? 1 : 2;
  }
  return text.length;
}

/** A place, or the one before the part that it would cut, where that still leads on. */
function clearOf(whole: readonly Piece[], at: number, after: number): number {
  const cut = whole.find((part) => part.start - CONTEXT_CHARS < at && at < part.end);
  const before = cut ? cut.start - CONTEXT_CHARS : at;
  return before > after ? before : at;
}

function lastBorder(text: string, start: number, most: number): { end: number; kind: string } {
  const from = most - Math.floor((most - start) * BORDER_SHARE);
  const window = text.slice(from, most);
  for (const { kind, mark } of BORDERS) {
    const last = [...window.matchAll(mark)].at(-1);
    if (last) return { end: from + last.index + last[0].length, kind };
  }
  return { end: most, kind: 'none' };
}

/** Where the next piece begins: some way back, at the beginning of a sentence or a word if there is one. */
function overlapStart(text: string, start: number, end: number): number {
  const back = Math.max(start + 1, end - Math.min(OVERLAP_CHARS, Math.floor((end - start) * BORDER_SHARE)));
  const window = text.slice(back, end);
  for (const { mark } of BORDERS.slice(1)) {
    const first = window.matchAll(mark).next().value;
    if (first && first.index + first[0].length < window.length) return back + first.index + first[0].length;
  }
  return isLowSurrogate(text.charCodeAt(back)) ? back + 1 : back;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
