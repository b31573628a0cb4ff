import type { Detector } from '../../detector.ts';
import { isMockToken } from '../placeholder.ts';
import { isGenerated } from '../shape.ts';

/** The character classes of a template, as the inside of a regex class, and their like in an example (example.ts). */
const classes: Readonly<Record<string, readonly [inside: string, example: string]>> = {
  a: ['a-z', 'a'],
  A: ['A-Z', 'A'],
  d: ['0-9', 'd'],
  h: ['0-9a-f', 'h'],
  H: ['0-9A-Fa-f', 'h'],
  l: ['a-z0-9', 'l'],
  u: ['A-Z0-9', 'U'],
  U: ['A-Z2-7', 'U'],
  w: ['A-Za-z0-9', 'w'],
  s: ['A-Za-z0-9_-', 'w'],
  e: ['A-Za-z0-9_=-', 'w'],
  b: ['A-Za-z0-9+/', 'w'],
};

/** `gh(p|o)_{w36}` stands for two templates, and `{uuid}` for its five groups of hex. */
function spelledOut(template: string): string[] {
  const [, head = '', choices = '', tail = template] = /^([^(]*)\(([^)]*)\)(.*)$/.exec(template) ?? [];
  return choices.split('|').map((choice) => (head + choice + tail).replaceAll('{uuid}', '{h8}-{h4}-{h4}-{h4}-{h12}'));
}

/** A prefix that ends in a sign of its own: what follows is a token even where the length is not the documented one. */
const ownPrefix = /^.{3,}[_.-]$/;

/**
 * Detectors of tokens that begin with a prefix of their provider's own, one for each template. `ghp_{w36}` stands for
 * the prefix and 36 letters or digits, `{s20-60}` for 20 to 60 letters, digits, `_` or `-`; the classes are above.
 * Pattern, bound and example come of the one template. A token stands alone: no letter or digit touches its ends.
 * Formats change and people cut keys short: another length is accepted if what follows the prefix looks generated.
 */
export function tokens(kind: string, ...templates: readonly string[]): Detector[] {
  return templates.flatMap(spelledOut).map((template) => new Token(kind, template));
}

/** Read at first use: a process meets few of the three hundred prefixes. */
class Token implements Detector {
  readonly category = 'secret';
  readonly anchor: { readonly literals: readonly [string] };
  readonly kind: string;
  readonly #template: string;
  #pattern: RegExp | undefined;

  constructor(kind: string, template: string) {
    this.kind = kind;
    this.#template = template;
    this.anchor = { literals: [template.slice(0, template.indexOf('{'))] };
  }

  get pattern(): RegExp {
    return (this.#pattern ??= this.#compiled());
  }

  get longest(): number {
    const lengths = this.#parts().map(({ text, most }) => (text === undefined ? most : text.length));
    const strict = lengths.reduce((sum, length) => sum + length, 2);
    return this.#isLoose() ? Math.max(strict, this.anchor.literals[0].length + 257) : strict;
  }

  get example(): string {
    return this.#parts()
      .map(({ text, like, least }) => text ?? `{${like}${least}}`)
      .join('');
  }

  validate({ 0: token, groups }: RegExpExecArray): boolean {
    const body = token.slice(this.anchor.literals[0].length);
    return !isMockToken(body) && (groups?.['loose'] === undefined || isGenerated(groups['loose']));
  }

  #compiled(): RegExp {
    const [prefix] = this.anchor.literals;
    const boundary = prefix.length < 5 ? '(?<![A-Za-z0-9])' : '(?<![A-Za-z])';
    const strict = this.#parts().map(({ text, inside, least, most }) => {
      return text === undefined ? `[${inside}]{${least},${most}}` : escaped(text);
    });
    const loose = this.#isLoose() ? `|${escaped(prefix)}(?=(?<loose>[\\w-]{14,255}))\\k<loose>` : '';
    return new RegExp(`${boundary}(?:${strict.join('')}(?![A-Za-z0-9])${loose}(?![A-Za-z0-9]))`, 'y');
  }

  #isLoose(): boolean {
    return ownPrefix.test(this.anchor.literals[0]);
  }

  /** Fixed text, or so many characters of a class. */
  #parts(): { text: string | undefined; inside: string; like: string; least: number; most: number }[] {
    const found = this.#template.matchAll(/([^{]+)|\{(\w)(\d+)(?:-(\d+))?\}/g);
    return Array.from(found, ([, text, name = '', least = '0', most = least]) => {
      const [inside, like] = classes[name] ?? ['', ''];
      return { text, inside, like, least: Number(least), most: Number(most) };
    });
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.+|$]/g, String.raw`\$&`);
}
