/** How much a value looks made by a generator rather than written by a person. All of it is linear in the value. */
export interface Shape {
  readonly digits: number;
  readonly letters: number;
  /** Changes between letters and digits, and between cases but for a capital that begins a word. */
  readonly turns: number;
  /** Shannon entropy, bits per character. */
  readonly entropy: number;
}

/** More of a value than this tells nothing new. */
const LOOKED_AT = 128;

/** How often each character stands in the value that is looked at; those beyond ASCII share places. */
const counts = new Uint8Array(128);

/** Counts what isGenerated asks for. */
export function shapeOf(value: string): Shape {
  const length = Math.min(value.length, LOOKED_AT);
  counts.fill(0);
  let digits = 0;
  let letters = 0;
  let turns = 0;
  let last = OTHER;
  for (let index = 0; index < length; index += 1) {
    const unit = value.charCodeAt(index) & 127;
    counts[unit] = (counts[unit] as number) + 1;
    const sort = sortOf(unit);
    if (sort === DIGIT) digits += 1;
    else if (sort !== OTHER) letters += 1;
    if (last !== OTHER && sort !== OTHER && sort !== last && !(last === UPPER && sort === LOWER)) turns += 1;
    last = sort;
  }
  let entropy = 0;
  for (const count of counts) if (count > 0) entropy -= (count / length) * Math.log2(count / length);
  return { digits, letters, turns, entropy };
}

const OTHER = 0;
const DIGIT = 1;
const UPPER = 2;
const LOWER = 3;

function sortOf(unit: number): number {
  if (unit >= 48 && unit <= 57) return DIGIT;
  if (unit >= 65 && unit <= 90) return UPPER;
  if (unit >= 97 && unit <= 122) return LOWER;
  return OTHER;
}

/** Whether much of a value is an alphabet or a count written out: `0123456789abcdef…`, `12345678`. */
function isSequence(value: string): boolean {
  let run = 1;
  let longest = 1;
  for (let index = 1; index < value.length && index < LOOKED_AT; index += 1) {
    run = value.charCodeAt(index) === value.charCodeAt(index - 1) + 1 ? run + 1 : 1;
    if (run > longest) longest = run;
  }
  return longest >= 12 || longest >= value.length / 2;
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether most of a value's letters are in words such as `OAuth2TokenCommand` has: small letters behind one capital. */
function isCamelCase(value: string, letters: number, digits: number): boolean {
  const inWords = value.match(/^[a-z]{3,}(?=[A-Z])|[A-Z][a-z]{3,}/g)?.join('').length ?? 0;
  return inWords > 0 && inWords >= letters * (digits === 0 ? 0.5 : 0.6);
}

/**
 * Whether a value could be a key or a token: long enough, of letters and digits that change often (`kj3x9Qp…`), as words,
 * versions, dates, paths and names of variables do not.
 */
export function isGenerated(value: string, atLeast = 10): boolean {
  if (value.length < atLeast || isSequence(value)) return false;
  if (uuid.test(value)) return true;
  const { digits, letters, turns, entropy } = shapeOf(value);
  const length = Math.min(value.length, LOOKED_AT);
  if (entropy < 2.6 || isCamelCase(value, letters, digits)) return false;
  if (digits === 0)
    return letters >= 16 && entropy >= 3.2 && (turns >= length / 6 || /[bcdfghj-np-tvwxz]{6}/i.test(value));
  if (letters === 0) return digits >= 14 && digits >= length - 2;
  return turns >= Math.max(2, Math.floor(length / 10));
}

/** Whether letters and digits change at least at every fifth character: what two or three numbers in a name do not. */
export function isDense(value: string): boolean {
  const { digits, turns } = shapeOf(value);
  return uuid.test(value) || (digits >= 2 && turns >= 0.2 * Math.min(value.length, LOOKED_AT));
}

/** The same for a value that no name announces: it must change as fast as only a generator does. */
export function isRandom(value: string): boolean {
  const { digits, letters, turns, entropy } = shapeOf(value);
  const beyondHex = value.match(/[g-z]/gi)?.length ?? 0;
  if (digits < 2 || letters < 8 || beyondHex < value.length / 6 || entropy < 3.6 || isCamelCase(value, letters, digits))
    return false;
  return turns >= 0.27 * Math.min(value.length, LOOKED_AT);
}
