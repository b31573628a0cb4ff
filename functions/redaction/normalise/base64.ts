import { Piecework } from './piecework.ts';

/** Signs: fewer hold nothing worth finding. */
const LEAST_RUN = 14;
/** Bytes of printable ASCII in a row. Chance makes nine of them out of noise about once in ten thousand signs. */
const LEAST_TEXT = 9;

const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Int8Array(128).fill(-1);
for (let value = 0; value < 64; value += 1) VALUES[SIGNS.charCodeAt(value)] = value;
// The alphabet of URLs and file names (RFC 4648, section 5) says - and _ for + and /.
VALUES[45] = 62;
VALUES[95] = 63;

/**
 * What the base64 in a text says, as far as it is ASCII text: pieces parted by NUL. Where a
 * run of its signs has a joint (`/files/…`), the encoded text may begin anywhere in it, so all four places are tried;
 * padding is not needed. Lines of one wrapped text are read on. Nothing if there is none. Linear.
 */
export function decodeBase64(text: string): Piecework | undefined {
  let work: Piecework | undefined;
  // Where a line ended whose text may go on in the next.
  let open = -1;
  for (let run = nextRun(text, 0); run !== undefined; run = nextLine(text, open) ?? nextRun(text, run.end)) {
    const { start, end } = run;
    const wrapped = open >= 0 && open + 2 >= start && /^\r?\n$/.test(text.slice(open, start));
    open = -1;
    const shifts = hasJoint(text, start, end) ? 4 : 1;
    for (let shift = 0; shift < shifts; shift += 1) {
      let stretch = nextStretch(text, start + shift, end, wrapped && shift === 0 ? 1 : LEAST_TEXT);
      if (stretch === undefined) continue;
      work ??= new Piecework();
      for (; stretch !== undefined; stretch = nextStretch(text, stretch.next, end, LEAST_TEXT)) {
        const goesOn = wrapped && shift === 0 && stretch.from === start && stretch.skipped === 0;
        if (!goesOn) work.add('\0', stretch.from, stretch.from, 'whole');
        work.add(stretch.text, stretch.from, stretch.to, 'base64', stretch.skipped);
        open = shift === 0 && stretch.to >= end && (end - start) % 4 === 0 ? end : -1;
      }
      // All of it was text: another place would make nothing but noise of it.
      if (shift === 0 && open === end) break;
    }
  }
  return work;
}

function isSign(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit < 128 && (VALUES[unit] as number) >= 0;
}

/** The next run of signs that is long enough. Looks at the end of each window first, and so skips most of the text. */
function nextRun(text: string, from: number): { start: number; end: number } | undefined {
  let start = from;
  let known = from;
  for (let at = start + LEAST_RUN - 1; at < text.length; at = start + LEAST_RUN - 1) {
    let back = at;
    while (back >= known && isSign(text, back)) back -= 1;
    if (back < known) {
      let end = at + 1;
      while (end < text.length && isSign(text, end)) end += 1;
      return { start, end };
    }
    start = back + 1;
    known = at + 1;
  }
  return undefined;
}

/** The line after one whose text may go on: however short it is, it counts. */
function nextLine(text: string, open: number): { start: number; end: number } | undefined {
  if (open === -1) return undefined;
  const start = text.charCodeAt(open) === 13 ? open + 2 : open + 1;
  if (text.charCodeAt(start - 1) !== 10) return undefined;
  let end = start;
  while (end < text.length && isSign(text, end)) end += 1;
  return end === start ? undefined : { start, end };
}

/** Whether something may stand before an encoded text in its run: a path, a prefix. */
function hasJoint(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if ((VALUES[text.charCodeAt(at)] as number) > 61) return true;
  return false;
}

interface Stretch {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Bytes of its first group that are not part of it. */
  readonly skipped: number;
  /** Where the next group begins. */
  readonly next: number;
}

/** The next stretch of printable ASCII in the groups of four signs from `from` on. */
function nextStretch(text: string, from: number, end: number, least: number): Stretch | undefined {
  if (least > 1 && !seemsText(text, from, end)) return undefined;
  let bits = 0;
  let index = 0;
  let count = 0;
  for (let at = from; at < end; at += 1) {
    bits = ((bits << 6) | (VALUES[text.charCodeAt(at)] ?? 0)) & 0xff_ff;
    const place = (at - from) % 4;
    if (place === 0) continue;
    const byte = (bits >> (6 - 2 * place)) & 0xff;
    if ((byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9) count += 1;
    else if (count >= least) return stretchOf(text, from, index - count, count, end);
    else count = 0;
    index += 1;
  }
  return count < least ? undefined : stretchOf(text, from, index - count, count, end);
}

/**
 * Whether two groups in a row may be ASCII: the first sign has no bit 5 then, the second no bit 3. It spares most words
 * and names the rest of the work.
 */
function seemsText(text: string, from: number, end: number): boolean {
  let last = false;
  for (let group = from; group + 1 < end; group += 4) {
    const seems =
      ((VALUES[text.charCodeAt(group)] ?? 0) & 32) === 0 && ((VALUES[text.charCodeAt(group + 1)] ?? 0) & 8) === 0;
    if (seems && last) return true;
    last = seems;
  }
  return false;
}

/** The stretch of `count` bytes after `before` bytes, counted from the group at `from`. */
function stretchOf(text: string, from: number, before: number, count: number, end: number): Stretch {
  const skipped = before % 3;
  const first = from + 4 * Math.floor(before / 3);
  const next = Math.min(end, first + 4 * Math.ceil((skipped + count) / 3));
  const bytes = Buffer.from(text.slice(first, next), 'base64');
  const padding = next < end ? 0 : text.startsWith('==', end) ? 2 : text.startsWith('=', end) ? 1 : 0;
  return { text: bytes.toString('latin1', skipped, skipped + count), from: first, to: next + padding, skipped, next };
}
