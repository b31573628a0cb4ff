/** An end mark: a dot, an ellipsis, a mark that needs white space behind it, or one of those that need none. */
export type Mark = 'dot' | 'dots' | 'plain' | 'wide';

const MARKS: ReadonlyMap<number, Mark> = new Map([
  ...marks('.', 'dot'),
  ...marks('…', 'dots'),
  // The last four are those of Arabic, Urdu and Hindi.
  ...marks('!?؟۔।॥', 'plain'),
  ...marks('。！？｡', 'wide'),
]);
const ASCII_CLOSERS = '"\')]}*_~`';
const CLOSER = /^[\p{Pe}\p{Pf}]$/u;
/** German closes with what opens in English; Chinese, which has no white space between sentences, opens with it. */
const OPENER_OR_CLOSER = /^[\p{Pe}\p{Pf}\p{Pi}]$/u;

/** Undefined: the unit is no end mark. */
export function markOf(unit: number): Mark | undefined {
  return MARKS.get(unit);
}

/** What may stand between an end mark and what follows the sentence: closing quotes and brackets, Markdown's emphasis. */
export function isCloser(unit: number, isAfterWide: boolean): boolean {
  const character = String.fromCharCode(unit);
  if (unit < 128) return ASCII_CLOSERS.includes(character);
  return (isAfterWide ? CLOSER : OPENER_OR_CLOSER).test(character);
}

export function isSpace(unit: number): boolean {
  if (unit < 128) return unit === 32 || (unit >= 9 && unit <= 13);
  return /^\s$/.test(String.fromCharCode(unit));
}

/** Letters, digits and what belongs to them. Half a character stands for one, though it may be a picture. */
export function isWordUnit(unit: number): boolean {
  if (unit < 128) return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122);
  return (unit >= 0xd800 && unit <= 0xdfff) || /^[\p{L}\p{N}\p{M}]$/u.test(String.fromCharCode(unit));
}

export function isLower(unit: number): boolean {
  if (unit < 128) return unit >= 97 && unit <= 122;
  return /^\p{Ll}$/u.test(String.fromCharCode(unit));
}

function marks(units: string, mark: Mark): [number, Mark][] {
  return Array.from(units, (unit) => [unit.charCodeAt(0), mark]);
}
