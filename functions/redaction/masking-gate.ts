import type { Passage } from '#protocol/text-gate.ts';
import type { Detector } from './detector.ts';
import { allDetectors } from './detectors.ts';
import type { HoldingGate } from './holding-gate.ts';
import { OpenFindings } from './open-findings.ts';
import type { Redactor } from './redactor.ts';
import { isHighSurrogate } from './surrogate.ts';

/** What a detector or a validator may look back for: the furthest is a `kind: Secret` 1,000 units before its data. */
const CONTEXT = 1_024;
/** So much of what was told is kept before it is cut back to its context. */
const MOST_CONTEXT = 1.5 * CONTEXT;
/** The end of a run without blanks that waits for the rest of it: so long may a secret be that is encoded. */
const RUN = 512;
/** A finding so near to the end may still grow, where it stands in encoded text. */
const NEAR = 16;

const NOTHING: Passage = Object.freeze({ text: '', isEnough: false });

/**
 * Masks a text that comes in pieces, for good. All that comes out is what `redactor` makes of the whole text, however it was cut
 * (D9). Held back is only what more of the text may make a part of a finding: a word until the blank behind it, digits while
 * they may still become a number, a key from its first line on. No more than the longest that a detector of `set` may find.
 *
 * What was told stays a while, for it explains what follows: the `password = ` before a password. Each piece is read with at most
 * that and what is held back, so the work is linear in the text.
 *
 * A secret in encoded text (base64, `%40`, `\u0040`) is found across pieces too where its encoded form has no blanks and is at
 * most 512 units long, and otherwise as far as it lies in what is read together.
 *
 * @param set what `redactor` finds. @default all detectors
 */
export function createMaskingGate(redactor: Redactor, set: readonly Detector[] = allDetectors()): HoldingGate {
  return new MaskingGate(redactor, set);
}

class MaskingGate implements HoldingGate {
  readonly #redactor: Redactor;
  readonly #open: OpenFindings;
  /** Some of what was told, and all that was not. */
  #text = '';
  #told = 0;
  /** Before it has so many units nothing is looked at: what is held back long is not read anew for each piece. */
  #enough = 0;

  constructor(redactor: Redactor, set: readonly Detector[]) {
    this.#redactor = redactor;
    this.#open = new OpenFindings(set);
  }

  get isHolding(): boolean {
    return this.#told < this.#text.length;
  }

  push(piece: string): Passage {
    this.#text += piece;
    const { length } = this.#text;
    if (piece === '' || length < this.#enough) return NOTHING;
    const end = Math.min(this.#open.firstIn(this.#text), runStart(this.#text));
    const whole = isHighSurrogate(this.#text, end - 1) ? end - 1 : end;
    const text = whole > this.#told ? this.#tell(whole, length - NEAR) : '';
    this.#enough = this.#text.length + ((this.#text.length - this.#told) >> 3);
    return { text, isEnough: false };
  }

  end(): string {
    const { length } = this.#text;
    return length === this.#told ? '' : this.#tell(length, length);
  }

  /** What was not told yet, up to `end` or the finding over it. @param sure where a finding must have ended to be final */
  #tell(end: number, sure: number): string {
    const found = this.#redactor
      .redact(this.#text)
      .found.filter((finding) => finding.end > this.#told && finding.start < end);
    const open = found.find((finding) => finding.end > Math.min(end, sure));
    const last = open === undefined ? end : Math.max(open.start, this.#told);
    let written = '';
    for (const { kind, start, end: behind } of found) {
      if (start >= last) break;
      written += `${this.#text.slice(this.#told, Math.max(start, this.#told))}[${kind}]`;
      this.#told = behind;
    }
    written += this.#text.slice(this.#told, last);
    this.#told = Math.max(this.#told, last);
    this.#forget();
    return written;
  }

  /** Cuts the context back to what is needed: at a blank, so that no word stands in it halved. */
  #forget(): void {
    if (this.#told < MOST_CONTEXT) return;
    const latest = Math.min(this.#told, this.#open.earliest) - CONTEXT;
    const blank = this.#text.lastIndexOf(' ', latest);
    const cut = blank > latest - RUN && blank > 0 ? blank : latest;
    if (cut <= 0) return;
    this.#text = this.#text.slice(cut);
    this.#told -= cut;
    this.#open.shift(cut);
  }
}

/** Where the last run of characters begins of which encoded text is made: ASCII, full-width forms and those without width. */
function runStart(text: string): number {
  const least = Math.max(0, text.length - RUN);
  let start = text.length;
  while (start > least && isOfRun(text.charCodeAt(start - 1))) start -= 1;
  return start;
}

function isOfRun(unit: number): boolean {
  if (unit < 0x7f) return unit > 0x20;
  return unit === 0xad || (unit >= 0x200b && unit <= 0x200f) || unit === 0x2060 || unit >= 0xfe00;
}
