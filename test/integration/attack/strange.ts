import * as fc from 'fast-check';
import { placesIn, withMember } from './places.ts';

/** Texts on which readers slip. */
const ODD_TEXTS = [
  '',
  ' ',
  '\0',
  '\ud800',
  '\udfff\ud800',
  '\ufeff',
  '\u2028',
  '\u202e',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'NaN',
  '-0',
  '1e999',
  '0x10',
  '%00',
  '%ff',
  '../..',
  '{{7*7}}',
  '${process.env}',
  "' OR 1=1--",
  '<script>',
  'a'.repeat(3_000),
];

/** A text: any at all, or one of those on which readers slip. */
export const strangeText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ maxLength: 20 }),
);

/** A value of any kind that JSON has, and numbers that are too large, too small or too long for it. */
export const strangeValue: fc.Arbitrary<unknown> = fc.oneof(
  strangeText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e9, 1e308, -1e308, 5e-324, 2 ** 53, [], {}, [null], [[]]),
  fc.constantFrom<unknown>({ type: null }, { type: 'x' }, { role: 'user' }, { rawJSON: '1' }, { toJSON: 1 }),
);

type Mutation = (root: unknown) => unknown;

/** Changes one place of a value: it is gone, doubled, nested, another text, or of another kind. */
const mutation: fc.Arbitrary<Mutation> = fc
  .record({
    at: fc.nat(),
    how: fc.constantFrom('gone', 'doubled', 'in a list', 'in an object', 'another', 'another', 'added', 'longer'),
    value: strangeValue,
    name: strangeText,
  })
  .map(({ at, how, value: other, name }) => (root) => {
    const places = placesIn(root);
    const { value, put } = places[at % places.length]!;
    if (how === 'gone') return withoutOne(root, at);
    if (how === 'doubled' && Array.isArray(value)) return put([...(value as unknown[]), ...(value as unknown[])]);
    if (how === 'in a list') return put([value, value]);
    if (how === 'in an object') return put({ [name]: value });
    if (how === 'longer' && typeof value === 'string') return put(value.repeat(50));
    if (how === 'added' && value !== null && typeof value === 'object' && !Array.isArray(value))
      return put(withMember(value, name, other));
    return put(other);
  });

/** The value without one of its members. */
function withoutOne(root: unknown, at: number): unknown {
  const holders = placesIn(root).filter(({ value }) => value !== null && typeof value === 'object');
  const holder = holders[at % holders.length];
  if (!holder) return root;
  const members = Object.entries(holder.value as object);
  const left = members.filter((_, index) => index !== at % members.length);
  return holder.put(
    Array.isArray(holder.value) ? left.map(([, member]) => member as unknown) : Object.fromEntries(left),
  );
}

/** So many changes of a value, one upon the other. */
export function mutations(leastOf: number, mostOf: number): fc.Arbitrary<Mutation> {
  return fc
    .array(mutation, { minLength: leastOf, maxLength: mostOf })
    .map((changes) => (root: unknown) => changes.reduce((value, change) => change(value), root));
}

/** What belongs to the connection, names the caller, or is a wish with a meaning of its own. */
const TAKEN = new Set(
  `host connection content-length transfer-encoding expect upgrade te trailer keep-alive authorization
   x-weir-timeout-ms idempotency-key x-large`.split(/\s+/),
);

/** Headers that node can send and nobody has a use for, or whose use changes nothing of a refusal. */
export const strangeHeaders: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc
    .oneof(
      fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,30}$/),
      fc.constantFrom('content-type', 'content-encoding', 'accept', 'cache-control', 'x-weir-cache', 'x-forwarded-for'),
      fc.constantFrom('__proto__', 'constructor', 'toString', 'x-http-method-override', 'range', 'cookie', 'origin'),
    )
    .filter((name) => !TAKEN.has(name.toLowerCase()) && !/^proxy-/i.test(name)),
  fc
    .oneof(
      fc.constantFrom('gzip', 'text/csv', 'application/json; charset=utf-16', '../..', '${env}', 'a'.repeat(200)),
      fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
    )
    .map((value) => value.replaceAll('\x7f', '')),
  { maxKeys: 5 },
);
