import { isCompleteNumber, nextOfNumber, type NumberState } from './json-number.ts';

/** What a character is to a JSON value: in the midst of it, its last one, or the one behind its last. */
export type JsonStep = 'goes-on' | 'ends' | 'has-ended';

type State =
  | 'value'
  | 'first-item'
  | 'first-key'
  | 'key'
  | 'colon'
  | 'after-value'
  | 'string'
  | 'escape'
  | 'hex'
  | 'word'
  | 'number'
  | 'after-scalar'
  | 'invalid';

/** Deeper text is taken for none of JSON: a bound on what a text of nothing but brackets makes us keep. */
const MAX_DEPTH = 10_000;
const HEX_DIGITS = 4;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const BACKSLASH = 92;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;
const FIRST_PRINTABLE = 32;
const WORDS: ReadonlyMap<number, string> = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), word]));

/** Follows a JSON text (RFC 8259) unit by unit to the end of its first value. No recursion: brackets stand on a stack. */
export class JsonScanner {
  #state: State = 'value';
  /** The open brackets, the innermost last: true for objects. */
  readonly #isObject: boolean[] = [];
  #isKey = false;
  #word = '';
  #wordAt = 0;
  #hexLeft = 0;
  #number: NumberState = 'minus';

  /** The text so far can still be, or begin with, a JSON value. */
  get isOpen(): boolean {
    return this.#state !== 'invalid';
  }

  take(code: number): JsonStep {
    switch (this.#state) {
      case 'string':
        return this.#string(code);
      case 'escape':
        return this.#escape(code);
      case 'hex':
        if (!isHex(code)) return this.#to('invalid');
        return this.#to(--this.#hexLeft === 0 ? 'string' : 'hex');
      case 'word':
        if (code !== this.#word.charCodeAt(this.#wordAt++)) return this.#to('invalid');
        return this.#wordAt === this.#word.length ? this.#scalarEnds() : 'goes-on';
      case 'number':
        return this.#digit(code);
      case 'after-scalar':
        return isSpace(code) ? 'has-ended' : this.#to('invalid');
      case 'invalid':
        return 'goes-on';
      default:
        return isSpace(code) ? 'goes-on' : this.#structure(code);
    }
  }

  /** Where white space is of no account. */
  #structure(code: number): JsonStep {
    const state = this.#state;
    if (state === 'first-item' && code === CLOSE_ARRAY) return this.#close();
    if (state === 'first-key' && code === CLOSE_OBJECT) return this.#close();
    if (state === 'value' || state === 'first-item') return this.#value(code);
    if (state === 'first-key' || state === 'key') {
      this.#isKey = true;
      return this.#to(code === QUOTE ? 'string' : 'invalid');
    }
    if (state === 'colon') return this.#to(code === COLON ? 'value' : 'invalid');
    const isObject = this.#isObject.at(-1) === true;
    if (code === COMMA) return this.#to(isObject ? 'key' : 'value');
    return code === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY) ? this.#close() : this.#to('invalid');
  }

  #value(code: number): JsonStep {
    this.#isKey = false;
    if (code === QUOTE) return this.#to('string');
    if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (this.#isObject.push(code === OPEN_OBJECT) > MAX_DEPTH) return this.#to('invalid');
      return this.#to(code === OPEN_OBJECT ? 'first-key' : 'first-item');
    }
    const word = WORDS.get(code);
    if (word !== undefined) {
      this.#word = word;
      this.#wordAt = 1;
      return this.#to('word');
    }
    const number = nextOfNumber('start', code);
    if (number === undefined) return this.#to('invalid');
    this.#number = number;
    return this.#to('number');
  }

  #string(code: number): JsonStep {
    if (code === BACKSLASH) return this.#to('escape');
    if (code < FIRST_PRINTABLE) return this.#to('invalid');
    if (code !== QUOTE) return 'goes-on';
    return this.#isKey ? this.#to('colon') : this.#valueEnds();
  }

  #escape(code: number): JsonStep {
    const letter = String.fromCharCode(code);
    if (letter === 'u') {
      this.#hexLeft = HEX_DIGITS;
      return this.#to('hex');
    }
    return this.#to('"\\/bfnrt'.includes(letter) ? 'string' : 'invalid');
  }

  #digit(code: number): JsonStep {
    const next = nextOfNumber(this.#number, code);
    if (next !== undefined) {
      this.#number = next;
      return 'goes-on';
    }
    if (!isCompleteNumber(this.#number)) return this.#to('invalid');
    this.#scalarEnds();
    return this.take(code);
  }

  #close(): JsonStep {
    this.#isObject.pop();
    return this.#valueEnds();
  }

  #scalarEnds(): JsonStep {
    return this.#to(this.#isObject.length === 0 ? 'after-scalar' : 'after-value');
  }

  #valueEnds(): JsonStep {
    return this.#isObject.length === 0 ? 'ends' : this.#to('after-value');
  }

  #to(state: State): JsonStep {
    this.#state = state;
    return 'goes-on';
  }
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9;
}

function isHex(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}
