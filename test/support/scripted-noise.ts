import { createHash } from 'node:crypto';

// TypeScript's library does not know it yet: https://tc39.es/proposal-json-parse-with-source/#sec-json.rawjson
const raw = (JSON as unknown as { rawJSON(this: void, text: string): unknown }).rawJSON;

/**
 * What OpenAI may add one day: members that nobody here has heard of, written as JavaScript would not write them again
 * (a number beyond 2⁵³, a trailing zero, an escape that is not needed).
 */
export const futureMembers: Readonly<Record<string, unknown>> = {
  x_future: {
    id: raw('12345678901234567890'),
    ratio: raw('1.10'),
    word: raw('"\\u0077eir\\/\\u20ac"'),
    none: null,
    list: [[], {}],
  },
};

/** A copy with the future's members in every object, at any depth. */
export function withFuture(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withFuture);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, withFuture(member)] as const);
  return { ...Object.fromEntries(entries), ...futureMembers };
}

/** Padding of the kind that OpenAI puts on deltas, so that their size tells less. Of any length up to 16. */
export function obfuscation(seed: string): string {
  const hash = createHash('sha256').update(seed).digest();
  return hash.toString('base64url').slice(0, (hash[0] ?? 0) % 17);
}
