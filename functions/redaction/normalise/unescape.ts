import { Piecework } from './piecework.ts';
import { createSignFinder } from './sign-finder.ts';

// Marks that nobody sees: soft hyphen, zero-width spaces and joiners, directions, variation selectors, tags.
const UNSEEN = '\\u00ad\\u034f\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0f\\ufeff';
// Other ways to write ASCII: spaces, dashes, raised, circled, small and full-width forms.
const FORMS =
  '\\u00a0\\u00b2\\u00b3\\u00b9\\u2000-\\u200a\\u2010-\\u2013\\u2024\\u202f\\u205f\\u2070-\\u209c\\u2212\\u24b6-\\u24e9\\u3000\\ufe50-\\ufe6b\\uff01-\\uff5e';
// Mathematical letters and digits; tags.
const PAIRS = '\\ud835[\\udc00-\\udfff]|\\udb40[\\udc00-\\udfff]';

/** Which units beyond ASCII may begin an escape. Built at the first text that needs it, not at import. */
let beyond: Uint8Array | undefined;

function beyondAscii(): Uint8Array {
  if (beyond === undefined) {
    beyond = new Uint8Array(1 << 16);
    const begins = new RegExp(`[${UNSEEN}${FORMS}\\ud835\\udb40]`);
    for (let unit = 128; unit < beyond.length; unit += 1) if (begins.test(String.fromCharCode(unit))) beyond[unit] = 1;
  }
  return beyond;
}

/**
 * One escape, however often it was itself escaped: JSON in JSON doubles the backslashes, a URL in a URL makes `%25` of
 * `%`, HTML in HTML `&amp;` of `&`.
 */
const escape = new RegExp(
  '\\\\+(?:u\\{(?<point>[\\dA-Fa-f]{1,6})\\}|[ux](?<hex>(?<=u)[\\dA-Fa-f]{4}|(?<=x)[\\dA-Fa-f]{2})|(?<letter>[nrt"\'`/]))|' +
    '(?<bytes>(?:%(?:25)*[89A-Fa-f][\\dA-Fa-f])+)|%(?:25)*(?<byte>[0-7][\\dA-Fa-f])|' +
    '&(?:amp;)*(?:#(?<decimal>\\d{1,7});?|#[xX](?<entity>[\\dA-Fa-f]{1,6});?|' +
    '(?<name>quot|apos|amp|lt|gt|nbsp|commat|period);)|' +
    `(?<unseen>[${UNSEEN}]+)|(?<forms>[${FORMS}]+)|(?<pair>${PAIRS})`,
  'y',
);

const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"' };
const NAMES: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  amp: '&',
  lt: '<',
  gt: '>',
  nbsp: ' ',
  commat: '@',
  period: '.',
};

/**
 * Takes one layer of escapes off a text: JSON's and JavaScript's, URL's, HTML's, unseen marks and other forms of ASCII.
 * Gives the lines that changed, each after the one before it (a label may stand there); nothing if none did. Linear.
 */
export function unescape(text: string): Piecework | undefined {
  const nextSign = createSignFinder(text, beyondAscii);
  let work: Piecework | undefined;
  let copied = 0;
  let lineEnd = -1;
  for (let at = nextSign(0); at < text.length; at = nextSign(at)) {
    const encoded = escapeAt(text, at);
    if (encoded === undefined) {
      // A run of backslashes is one place: tried at each, a text of nothing else would cost its square.
      do at += 1;
      while (text.charCodeAt(at) === BACKSLASH);
      continue;
    }
    work ??= new Piecework();
    if (at > lineEnd) {
      if (lineEnd >= 0) work.add(`${text.slice(copied, lineEnd)}\n`, copied, lineEnd + 1, 'copied');
      copied = Math.max(lineEnd + 1, startOfLineBefore(text, at));
      lineEnd = text.indexOf('\n', at);
      if (lineEnd === -1) lineEnd = text.length;
    }
    work.add(text.slice(copied, at), copied, at, 'copied');
    work.add(encoded.meaning, at, encoded.end, encoded.oneForOne ? 'copied' : 'whole');
    at = encoded.end;
    copied = at;
  }
  work?.add(text.slice(copied, lineEnd), copied, lineEnd, 'copied');
  return work;
}

const BACKSLASH = 92;

function startOfLineBefore(text: string, at: number): number {
  const newline = at === 0 ? -1 : text.lastIndexOf('\n', at - 1);
  return newline < 1 ? 0 : text.lastIndexOf('\n', newline - 1) + 1;
}

interface Escape {
  readonly meaning: string;
  readonly end: number;
  /** Forms of ASCII stand one for one, so that a run of them is one piece. */
  readonly oneForOne: boolean;
}

function escapeAt(text: string, at: number): Escape | undefined {
  // The commonest of all, without the regex: a text of nothing else asks for it fifty thousand times in 100 KB.
  if (text.charCodeAt(at) === BACKSLASH) {
    const letter = LETTERS[text.charAt(at + 1)];
    if (letter !== undefined) return { meaning: letter, end: at + 2, oneForOne: false };
  }
  escape.lastIndex = at;
  const found = escape.exec(text);
  if (found === null) return undefined;
  const meaning = meaningOf(found);
  return { meaning, end: escape.lastIndex, oneForOne: found.groups?.['forms']?.length === meaning.length };
}

function meaningOf({ 0: whole, groups = {} }: RegExpExecArray): string {
  const { point, hex, letter, bytes, byte, decimal, entity, name, forms, pair } = groups;
  if (letter !== undefined) return LETTERS[letter] ?? letter;
  if (name !== undefined) return NAMES[name] ?? '';
  if (bytes !== undefined) return utf8(bytes);
  if (forms !== undefined) return forms.replaceAll(/[\u2010-\u2013\u2212]/g, '-').normalize('NFKC');
  if (pair !== undefined) return pair.startsWith('\udb40') ? '' : pair.normalize('NFKC');
  const code = decimal === undefined ? Number.parseInt(point ?? hex ?? byte ?? entity ?? '', 16) : Number(decimal);
  if (Number.isNaN(code)) return '';
  return code > 0x10_ff_ff ? whole : String.fromCodePoint(code);
}

function utf8(bytes: string): string {
  try {
    return decodeURIComponent(bytes.replaceAll(/%(?:25)+/g, '%'));
  } catch {
    return '\ufffd';
  }
}
