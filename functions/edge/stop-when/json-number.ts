/** Where in a JSON number one is: after its minus, its only zero, in its integer, after its point, and so on. */
export type NumberState =
  'start' | 'minus' | 'zero' | 'integer' | 'point' | 'fraction' | 'exponent' | 'signed' | 'power';

type Next = Readonly<Record<string, NumberState>>;

const NONZERO = '123456789';
const DIGITS = `0${NONZERO}`;

/** The next state by the next character. Source: https://www.rfc-editor.org/rfc/rfc8259#section-6 */
const NEXT: Readonly<Record<NumberState, Next>> = {
  start: { '-': 'minus', '0': 'zero', ...each(NONZERO, 'integer') },
  minus: { '0': 'zero', ...each(NONZERO, 'integer') },
  zero: { '.': 'point', ...each('eE', 'exponent') },
  integer: { '.': 'point', ...each('eE', 'exponent'), ...each(DIGITS, 'integer') },
  point: each(DIGITS, 'fraction'),
  fraction: { ...each('eE', 'exponent'), ...each(DIGITS, 'fraction') },
  exponent: { ...each('+-', 'signed'), ...each(DIGITS, 'power') },
  signed: each(DIGITS, 'power'),
  power: each(DIGITS, 'power'),
};

const COMPLETE: readonly NumberState[] = ['zero', 'integer', 'fraction', 'power'];

/** Undefined: that character is no part of the number. */
export function nextOfNumber(state: NumberState, code: number): NumberState | undefined {
  return NEXT[state][String.fromCharCode(code)];
}

/** Whether a number may end here. */
export function isCompleteNumber(state: NumberState): boolean {
  return COMPLETE.includes(state);
}

function each(characters: string, state: NumberState): Next {
  return Object.fromEntries(Array.from(characters, (character) => [character, state]));
}
