import { InputBlocked, InvalidRequest } from '#platform/errors.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { eachRequestText, mapRequestTexts } from '#protocol/texts.ts';
import { isFile, isPicture, redactNamed } from './redact-named.ts';
import type { RedactPolicy } from '#platform/redact-policy.ts';
import type { Redaction, Redactor } from './redactor.ts';
import { withoutForms } from './without-forms.ts';

/** How a placeholder looks; a text of the caller's may hold some by itself. */
const PLACEHOLDER = /\[[A-Z][A-Z0-9_]*_\d+\]/g;

/** What a text of the model's is: prose, or JSON, in whose strings a quote or a line end of an original has to be escaped. */
export type Ground = 'text' | 'json';

/** How a model may write them: `[EMAIL_1]`, and as Markdown wants it `[EMAIL\_1]`, `\[EMAIL\_1\]`. */
const spellings: Readonly<Record<Ground, RegExp>> = {
  text: /(\\?)\[((?:[A-Z0-9]|\\?_)+)\1\]/g,
  json: /((?:\\\\)?)\[((?:[A-Z0-9]|(?:\\\\)?_)+)\1\]/g,
};

/**
 * What one call has masked: the memory by which the caller gets the originals back. It lives as long as the call, in this
 * process, and nowhere else (D11).
 */
export class CallMasks {
  readonly #policy: Exclude<RedactPolicy, 'off'>;
  readonly #redactor: Redactor;
  readonly #placeholders = new Map<string, string>();
  readonly #originals = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  /** Placeholders that stand in the caller's own texts: they mean nothing, and are given to nothing. */
  readonly #taken: Set<string>;
  readonly #masked = new WeakMap<ModelRequest, ModelRequest>();
  #hasMasked = false;

  /** @param taken placeholders that stand in the caller's own words */
  constructor(policy: Exclude<RedactPolicy, 'off'>, redactor: Redactor, taken: Iterable<string> = []) {
    this.#policy = policy;
    this.#redactor = redactor;
    this.#taken = new Set(taken);
  }

  /** The placeholders that stand for something. */
  get placeholders(): ReadonlySet<string> {
    return new Set(this.#originals.keys());
  }

  /**
   * A request as the model may see it.
   * @throws InputBlocked under the policy `block`; InvalidRequest for what nobody can look into
   */
  mask(request: ModelRequest): ModelRequest {
    let masked = this.#masked.get(request);
    if (!masked) this.#masked.set(request, (masked = this.#maskNew(request)));
    return masked;
  }

  #maskNew(request: ModelRequest): ModelRequest {
    refuseTokens(request);
    // Vectors have no place to put an original back, and a number would make equal texts differ.
    const isReversible = this.#policy === 'reversible' && request.kind !== 'embed';
    if (isReversible) eachRequestText(request, (text) => this.#noteTaken(text));
    const masked = mapRequestTexts(request, (text, place) => {
      if (isPicture(text)) return text;
      if (isFile(text)) throw unreadable(place, 'a file');
      const redaction = redactNamed(this.#redactor, text, place);
      const [first] = redaction.found;
      if (first === undefined) return text;
      if (this.#policy === 'block') throw new InputBlocked([{ place, ...first }]);
      this.#hasMasked = true;
      return isReversible ? this.#numbered(text, redaction) : redaction.text;
    });
    return this.#hasMasked ? withoutForms(masked) : masked;
  }

  /**
   * A text of the model's with the originals in the places of their placeholders.
   * @param ground of the text; as `json` it can be parsed afterwards as before @default 'text'
   */
  restore(text: string, ground: Ground = 'text'): string {
    if (this.#originals.size === 0 || !text.includes('[')) return text;
    return text.replaceAll(spellings[ground], (spelling, _escape: string, name: string) => {
      const original = this.#originals.get(`[${name.replaceAll('\\', '')}]`);
      if (original === undefined) return spelling;
      return ground === 'json' ? JSON.stringify(original).slice(1, -1) : original;
    });
  }

  #noteTaken(text: string): void {
    for (const placeholder of placeholdersIn(text)) {
      if (!this.#originals.has(placeholder)) this.#taken.add(placeholder);
    }
  }

  #numbered(text: string, { found }: Redaction): string {
    let masked = '';
    let from = 0;
    for (const { kind, start, end } of found) {
      masked += text.slice(from, start) + this.#placeholderFor(kind, text.slice(start, end));
      from = end;
    }
    return masked + text.slice(from);
  }

  /** The same one for the same value, in all questions of the call: the model may speak of it as of one thing. */
  #placeholderFor(kind: string, original: string): string {
    const known = this.#placeholders.get(`${kind} ${original}`);
    if (known !== undefined) return known;
    let count = this.#counts.get(kind) ?? 0;
    let placeholder: string;
    do placeholder = `[${kind}_${++count}]`;
    while (this.#taken.has(placeholder));
    this.#counts.set(kind, count);
    this.#placeholders.set(`${kind} ${original}`, placeholder);
    this.#originals.set(placeholder, original);
    return placeholder;
  }
}

/** The placeholders that stand in a text as it came. */
export function placeholdersIn(text: string): string[] {
  return text.includes('[') ? Array.from(text.matchAll(PLACEHOLDER), ([placeholder]) => placeholder) : [];
}

/** Token ids are a text in another code, which nobody here reads. */
function refuseTokens(request: ModelRequest): void {
  if (request.kind !== 'pass' || request.api !== 'embeddings') return;
  const { input } = request.body;
  if (Array.isArray(input) && input.some((item) => typeof item !== 'string')) throw unreadable('input', 'token ids');
}

function unreadable(field: string, what: string): InvalidRequest {
  const message = `${field} must be text where secrets and personal data are masked, but ${what} were provided`;
  return new InvalidRequest([{ field, message: message.replace('a file were', 'a file was') }]);
}
