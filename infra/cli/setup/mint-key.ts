import { randomInt } from 'node:crypto';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_CHARS = 40;

/** A new key of a caller: `weir_` and 40 characters, 238 random bits. */
export function mintCallerKey(): string {
  let key = 'weir_';
  for (let i = 0; i < RANDOM_CHARS; i++) key += BASE62[randomInt(BASE62.length)];
  return key;
}
