const CANDIDATES = Array.from(' a0A-_.,:/@#+!?"\'()[]{}<>=&%$*~^|;\\`\n\täÄ中');
const ASCII = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
const MAX_EXTRA = 64;

/**
 * A string that a regular expression accepts: one that stands in the text, or else one made from the expression. It
 * knows literals, classes, escapes, groups, alternatives and quantifiers; look-arounds and back-references it skips.
 * @returns `undefined` where none of its attempts matches
 */
export function matching(pattern: string, text: string, fits: (candidate: string) => boolean): string | undefined {
  const expression = compile(pattern);
  if (!expression) return undefined;
  const isGood = (candidate: string) => expression.test(candidate) && fits(candidate);
  const found = compile(pattern.replace(/^\^|\$$/g, ''))?.exec(text)?.[0];
  if (found !== undefined && isGood(found)) return found;
  for (let extra = 0; extra <= MAX_EXTRA; extra++) {
    const made = new Maker(pattern, extra).alternatives();
    if (isGood(made)) return made;
  }
  return undefined;
}

function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return undefined;
  }
}

/** Reads an expression from left to right and writes the shortest string for it, plus `extra` repetitions. */
class Maker {
  readonly #pattern: string;
  readonly #extra: number;
  #at = 0;

  constructor(pattern: string, extra: number) {
    this.#pattern = pattern;
    this.#extra = extra;
  }

  /** The first alternative is as good as any. */
  alternatives(): string {
    const first = this.#sequence();
    while (this.#take('|')) this.#sequence();
    return first;
  }

  #sequence(): string {
    let made = '';
    while (this.#at < this.#pattern.length && this.#peek() !== '|' && this.#peek() !== ')') {
      const atom = this.#atom();
      made += atom.repeat(this.#repetitions());
    }
    return made;
  }

  #atom(): string {
    const start = this.#at;
    const char = this.#pattern[this.#at++]!;
    if (char === '^' || char === '$') return '';
    if (char === '(') return this.#group();
    if (char === '[') {
      while (this.#at < this.#pattern.length && this.#peek() !== ']') this.#at += this.#peek() === '\\' ? 2 : 1;
      this.#at++;
    } else if (char === '\\') {
      const escape = /^(?:[bB]|[pP]\{[^}]*\}|u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[A-Za-z]|.)/su;
      const [name = ''] = escape.exec(this.#pattern.slice(this.#at)) ?? [];
      this.#at += name.length;
      if (name === 'b' || name === 'B') return '';
    }
    return characterFor(this.#pattern.slice(start, this.#at));
  }

  #group(): string {
    const [kind = ''] = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(this.#pattern.slice(this.#at)) ?? [];
    this.#at += kind.length;
    const made = this.alternatives();
    this.#take(')');
    return /[=!]$/.test(kind) ? '' : made;
  }

  #repetitions(): number {
    const [quantifier, exact, comma, most] = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})/.exec(this.#pattern.slice(this.#at)) ?? [];
    if (quantifier === undefined) return 1;
    this.#at += quantifier.length;
    this.#take('?');
    if (exact !== undefined) {
      const max = comma === '' ? Number(exact) : most === '' ? Infinity : Number(most);
      return Math.min(Number(exact) + this.#extra, max);
    }
    if (quantifier === '?') return Math.min(this.#extra, 1);
    return (quantifier === '+' ? 1 : 0) + this.#extra;
  }

  #peek(): string | undefined {
    return this.#pattern[this.#at];
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }
}

/** A character that a class, an escape or a literal accepts. */
function characterFor(atom: string): string {
  const expression = compile(`^(?:${atom})$`);
  const readable = ['a', '0', 'A', ...CANDIDATES, ...ASCII];
  return readable.find((char) => expression?.test(char)) ?? (atom.startsWith('\\') ? '' : atom);
}
