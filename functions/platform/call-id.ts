import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 10;
const RANDOM_CHARS = 16;

/**
 * A call's id: 48 bits of time and 80 random bits in Crockford's base 32, so that ids sort by the time of minting
 * (the layout of https://github.com/ulid/spec). It is minted before anything else: ledger key, hold ids, day and
 * month of a call all derive from it.
 */
export function mintCallId(nowMs: number): string {
  let time = '';
  for (let i = 0, rest = nowMs; i < TIME_CHARS; i++, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time;
  let tail = '';
  for (const byte of randomBytes(RANDOM_CHARS)) tail += ALPHABET[byte & 31];
  return time + tail;
}

/** The moment at which a call id was minted, in epoch milliseconds. */
export function mintedAtMs(callId: string): number {
  let ms = 0;
  for (const char of callId.slice(0, TIME_CHARS)) ms = ms * 32 + ALPHABET.indexOf(char);
  return ms;
}
