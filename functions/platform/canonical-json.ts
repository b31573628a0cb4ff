import { isRawJson } from './raw-json.ts';

/**
 * JSON with members in one fixed order and no white space (in the manner of RFC 8785), so that two requests that mean the
 * same have the same text. Members that are `undefined` are left out, what has a `toJSON` (a date, a URL) says itself what
 * it is, as in `JSON.stringify`, and a number that was kept as it was written stays so.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (isRawJson(value)) return value.rawJSON;
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON());
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
