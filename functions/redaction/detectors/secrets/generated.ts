import type { Detector } from '../../detector.ts';
import { isPlaceholder } from '../placeholder.ts';
import { isRandom } from '../shape.ts';

/** What stands before hashes, data URLs, public keys, ids, and lines of a longer text in base64. */
const before =
  /(?:sha\d{1,3}[-:=]|base64(?:,|%2C)|integrity["'=: ]{1,4}|ssh-(?:rsa|dss|ed25519) |I[dD]["'\]]{0,2}\s{0,2}[:=]\s{0,2}\\?["']?|(?<![a-z])id["'\]]{0,2}\s{0,2}[:=]\s{0,2}\\?["']?|[A-Za-z0-9+/=-]\r?\n)$/;

/** Ids that are no secrets: ULIDs (https://github.com/ulid/spec), Weir's own among them, and those of OpenAI's objects. */
const id =
  /^(?:[0-7][0-9a-hjkmnp-tv-z]{25}|(?:chatcmpl|cmpl|resp|msg|req|run|thread|asst|file|batch|vs|step|ft|ftjob|call|rs|fc|modr|org|proj|user|evalrun|conv|item|sess|event)[-_][\w-]+)$/i;

/** The next line of such a text. */
const after = /^\r?\n[A-Za-z0-9+/]{40}/;

/** Beginnings of images, public keys, certificates and archives in base64. */
const known = /^(?:AAAA[BC]3Nz|iVBORw|R0lGOD|\/9j\/|MII[A-Za-z]|H4sI|UEsDB|JVBER|PHN2Z|data)/;

/**
 * Strings that only a generator writes, whatever stands around them: letters and digits that change
 * faster than any word, name or version does. Hashes and ids in hex are left alone: they are no secrets by themselves.
 */
const generated: Detector = {
  kind: 'GENERATED_SECRET',
  category: 'secret',
  anchor: { run: 20, before: { of: 'A-Za-z0-9+/_-', atMost: 64, whole: true } },
  pattern:
    /(?<![A-Za-z0-9+/_\]-])(?=[A-Za-z+/_-]{0,80}\d)\/{0,3}(?<secret>[A-Za-z0-9+_-][A-Za-z0-9+/_-]{19,400}={0,2})(?![A-Za-z0-9+/_=[-])/y,
  validate({ 0: { length }, index, input, groups }) {
    const text = groups?.['secret'] ?? '';
    const run = text.search(/[\w-]{20}/);
    if (run < 0 || run > 60 || known.test(text) || id.test(text) || isPlaceholder(text)) return false;
    if (before.test(input.slice(Math.max(0, index - 16), index))) return false;
    if (after.test(input.slice(index + length, index + length + 50))) return false;
    // A label of a host's name.
    if (/^[a-z0-9-]+$/.test(text) && /\.[a-z]/.test(input.slice(index + length, index + length + 2))) return false;
    return looksRandom(text.replace(/=+$/, ''));
  },
  longest: 420,
  example: '{w40}',
  source: 'https://en.wikipedia.org/wiki/Entropy_(information_theory)',
};

/** Words of a name or a path: no generator writes so many small letters in a row between two signs. */
const word = /^[a-z]{4,}$|^[A-Z]?[a-z]{5,}$/;

function looksRandom(whole: string): boolean {
  const prefix = /^(?:[A-Za-z]{2,12}[_-]){1,3}/.exec(whole)?.[0].length ?? 0;
  const text = whole.length - prefix >= 24 ? whole.slice(prefix) : whole;
  const parts = text.split(/[+/_-]/);
  if (parts.length - 1 > text.length / 10 || parts.some((part) => word.test(part))) return false;
  return isRandom(text);
}

export const generatedDetectors: readonly Detector[] = [generated];
