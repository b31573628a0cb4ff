import { redactLine } from './redact-line.ts';

/** A value is shown up to this length: enough to recognise it, too little to spill a text. */
const MAX_SHOWN_CHARS = 40;
const MAX_NAME_CHARS = 100;
/** No secret that begins among the shown characters is recognised by what lies beyond this. */
const MAX_LOOKED_AT_CHARS = 4_000;

/** A value from outside, as a sentence may show it: `'de'`, `40`, `an array`. */
export function showValue(given: unknown): string {
  if (typeof given === 'string') return `'${shorten(given, MAX_SHOWN_CHARS)}'`;
  if (typeof given === 'number' || typeof given === 'boolean' || given === null) return String(given);
  if (given === undefined) return 'nothing';
  return Array.isArray(given) ? 'an array' : 'an object';
}

/** A name from outside, such as that of an unknown field. */
export function showName(name: string): string {
  return shorten(name, MAX_NAME_CHARS);
}

/** Masked before it is cut: half a secret has a shape no longer, and is half a secret all the same. */
function shorten(text: string, maxChars: number): string {
  const masked = redactLine(text.slice(0, MAX_LOOKED_AT_CHARS));
  return masked.length <= maxChars ? masked : `${masked.slice(0, maxChars)}…`;
}
