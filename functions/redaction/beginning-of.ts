/**
 * The pattern that tells whether a text, from `lastIndex` to its end, may be the beginning of a match: it matches where some
 * way through `pattern` comes to the end of the text, or ends at most `behind` units before it. Where it does not match, no
 * text that follows can make it: what `pattern` finds there is final.
 *
 * Each step of the pattern may also be skipped at the end of the text, and each look ahead that would look beyond it counts as
 * undecided. So it may say yes once too often, and never no.
 */
export function beginningOf(pattern: RegExp, behind = 0): RegExp {
  const reader = new Reader(pattern.source, pattern.flags.includes('v'));
  const flags = pattern.flags.replaceAll(/[gyd]/g, '');
  return new RegExp(`(?:${reader.alternatives()})[^]{0,${behind}}$`, `${flags}dy`);
}

const QUANTIFIER = /(?:[*+?]|\{\d+(?:,\d*)?\})\??/y;
const ESCAPE = /\\(?:u\{[^}]*\}|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|[pP]\{[^}]*\}|k<\w+>|c[A-Za-z]|\d+|[^])/y;
const OPENING = /\((?:\?(?:<?[=!]|<\w+>|[\w-]*:))?/y;

/** What depends on more than it takes. */
const OUTLOOK = /\\[bB]|\$|\(\?[=!]/;

/** Reads a pattern's source from left to right and writes the other as it goes. */
class Reader {
  readonly #source: string;
  readonly #hasNestedClasses: boolean;
  #at = 0;
  /** Within a look ahead that is written twice, groups would count twice. */
  #isCopy = false;

  constructor(source: string, hasNestedClasses: boolean) {
    this.#source = source;
    this.#hasNestedClasses = hasNestedClasses;
  }

  /** Up to the bracket that closes the group, or to the end. */
  alternatives(): string {
    let written = '';
    while (this.#at < this.#source.length && this.#source[this.#at] !== ')') {
      if (this.#source[this.#at] === '|') {
        this.#at += 1;
        written += '|';
      } else written += this.#term();
    }
    return written;
  }

  #term(): string {
    switch (this.#source[this.#at]) {
      case '(':
        return this.#group();
      case '[':
        return this.#step(this.#class());
      case '\\':
        return this.#escape();
      case '^':
      case '$':
        return this.#take(1);
      default:
        return this.#step(this.#take(1));
    }
  }

  #group(): string {
    const opening = this.#match(OPENING);
    if (opening.startsWith('(?<=') || opening.startsWith('(?<!')) return `(?:${this.#asIs(opening)}|$)`;
    if (opening === '(?=' || opening === '(?!') return this.#lookAhead(opening);
    const isPlain = opening.endsWith(':');
    const inside = this.alternatives();
    this.#take(1);
    return `${isPlain || !this.#isCopy ? opening : '(?:'}${inside})${this.#match(QUANTIFIER)}`;
  }

  /** Undecided where the text ends within it. */
  #lookAhead(opening: string): string {
    const start = this.#at;
    const wasCopy = this.#isCopy;
    this.#isCopy = true;
    const beginning = this.alternatives();
    this.#isCopy = wasCopy;
    this.#at = start;
    const whole = this.#asIs(opening);
    const isUndecided = `(?=(?:${beginning})$)[^]*`;
    // What is plainly there stays there, whatever follows.
    if (opening === '(?!' && !OUTLOOK.test(whole.slice(opening.length))) return `${whole}(?:${isUndecided}|)`;
    return `(?:${isUndecided}|${whole})`;
  }

  /** A group as it stands, from behind its opening. */
  #asIs(opening: string): string {
    const start = this.#at;
    this.alternatives();
    this.#take(1);
    return opening + this.#source.slice(start, this.#at);
  }

  #escape(): string {
    const escape = this.#match(ESCAPE);
    if (/^\\[bB]$/.test(escape)) return `(?:${escape}|$)`;
    return this.#step(escape);
  }

  #class(): string {
    const start = this.#at;
    let depth = 0;
    do {
      const sign = this.#source[this.#at];
      if (sign === '\\') this.#at += 1;
      else if (sign === '[' && (depth === 0 || this.#hasNestedClasses)) depth += 1;
      else if (sign === ']') depth -= 1;
      this.#at += 1;
    } while (depth > 0);
    return this.#source.slice(start, this.#at);
  }

  /** One character, as often as it may stand: or fewer, and the text is over. */
  #step(character: string): string {
    const quantifier = this.#match(QUANTIFIER);
    if (quantifier === '') return `(?:${character}|$)`;
    if (/^(?:[*?]|\{0,)/.test(quantifier)) return character + quantifier;
    const most = /(\d*)\}/.exec(quantifier)?.[1] ?? '';
    return `(?:${character}${quantifier}|${character}{0,${most}}$)`;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return this.#take(pattern.exec(this.#source)?.[0].length ?? 0);
  }

  #take(length: number): string {
    this.#at += length;
    return this.#source.slice(this.#at - length, this.#at);
  }
}
