import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'weir_';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_CHARS = 34;
/** 62⁶ is more than 2³². */
const CHECKSUM_CHARS = 6;
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_CHARS + CHECKSUM_CHARS}}$`);

/**
 * A new key of a caller: `weir_`, 34 random characters (202 bits), and 6 of a checksum, by which a scanner tells a key from a
 * text that looks like one, as GitHub's tokens have it
 * (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/).
 */
export function mintCallerKey(): string {
  let random = '';
  for (let i = 0; i < RANDOM_CHARS; i++) random += BASE62[randomInt(BASE62.length)];
  return PREFIX + random + checksumOf(random);
}

/** Whether a text is a caller's key by its form and its checksum. It says nothing of whether anybody holds it. */
export function looksLikeCallerKey(text: string): boolean {
  if (!FORM.test(text)) return false;
  return checksumOf(text.slice(PREFIX.length, -CHECKSUM_CHARS)) === text.slice(-CHECKSUM_CHARS);
}

/** Whether a text has the form of a caller's key and another checksum: mistyped, cut and glued, or made up. */
export function isMistypedCallerKey(text: string): boolean {
  return FORM.test(text) && !looksLikeCallerKey(text);
}

/** CRC-32 in base 62, with zeros before it. */
function checksumOf(random: string): string {
  let text = '';
  for (let rest = crc32(random); text.length < CHECKSUM_CHARS; rest = Math.floor(rest / BASE62.length)) {
    text = BASE62.charAt(rest % BASE62.length) + text;
  }
  return text;
}
