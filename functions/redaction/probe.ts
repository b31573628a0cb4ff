import { beginningOf } from './beginning-of.ts';
import type { Detector } from './detector.ts';

/** How far behind its match a validator looks, where its detector does not say: a line that shows it to be one of many. */
const BEHIND = 64;

/**
 * A detector, as it is asked whether a match of its may have begun. Patterns are written and compiled when a text first needs
 * them: most texts need few of them.
 */
export class Probe {
  /** Of a match only the group `secret` is masked. */
  readonly isPart: boolean;
  /** A match that is longer, with what is looked at behind it, there is none (UTF-16 units). */
  readonly longest: number;
  readonly #detector: Detector;
  readonly #behind: number;
  /** What each match begins with; undefined: that cannot be told. */
  readonly #literals: readonly string[] | undefined;
  readonly #isCaseless: boolean;
  #pattern: RegExp | undefined;

  constructor(detector: Detector) {
    const { anchor, pattern, longest, seesBehind = BEHIND } = detector;
    this.#detector = detector;
    this.#behind = detector.validate === undefined ? 0 : seesBehind;
    this.isPart = pattern.source.includes('(?<secret>');
    this.longest = longest + this.#behind;
    this.#isCaseless = 'literals' in anchor && anchor.caseless === true;
    if ('literals' in anchor && !anchor.before)
      this.#literals = anchor.literals.map((literal) => this.#folded(literal));
  }

  /** Matches sticky where a match has begun. */
  get pattern(): RegExp {
    return (this.#pattern ??= beginningOf(this.#detector.pattern, this.#behind));
  }

  /** Whether a match may begin with a character: as the engine does, by the anchor alone. */
  beginsWith(character: string): boolean {
    const { anchor } = this.#detector;
    if (anchor.before && new RegExp(`^[${anchor.before.of}]$`).test(character)) return true;
    if ('literals' in anchor) {
      return anchor.literals.some((literal) => this.#folded(literal).startsWith(this.#folded(character)));
    }
    return ('digits' in anchor ? /\d/ : /[\w-]/).test(character);
  }

  /** Whether what stands there is the beginning of what each match begins with: cheap, and mostly a no. */
  mayBegin(text: string, start: number): boolean {
    if (this.#literals === undefined) return true;
    for (const literal of this.#literals) {
      const there = text.slice(start, start + literal.length);
      if (literal.startsWith(this.#folded(there))) return true;
    }
    return false;
  }

  #folded(text: string): string {
    return this.#isCaseless ? text.toLowerCase() : text;
  }
}
