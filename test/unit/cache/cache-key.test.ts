import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cacheKey, type CacheOwner } from '#cache/cache-key.ts';
import { canonicalJson } from '#platform/canonical-json.ts';
import type { EmbedRequest, InputItem, ModelRequest, RespondRequest } from '#protocol/request.ts';

const SEED = 20_261_122;

const owner: CacheOwner = { endpoint: 'summarize', version: 1, caller: 'ada' };
const respond: RespondRequest = {
  kind: 'respond',
  model: 'gpt-6-luna',
  instructions: 'Be brief.',
  input: [
    { type: 'message', role: 'user', text: 'Hello.' },
    { type: 'tool-call', callId: 'c1', name: 'look', arguments: '{"at":1}' },
    { type: 'tool-result', callId: 'c1', output: 'a weir' },
  ],
  tools: [
    { name: 'look', description: 'Looks.', parameters: { type: 'object', properties: { at: { type: 'number' } } } },
  ],
  format: { name: 'answer', schema: { type: 'object', properties: { text: { type: 'string', maxLength: 9 } } } },
  reasoningEffort: 'low',
  maxOutputTokens: 100,
};
const embed: EmbedRequest = { kind: 'embed', model: 'text-embedding-3-small', texts: ['weir'], dimensions: 16 };

/** Every place of a JSON value, as the value with that one place changed. */
function* changed(value: unknown): Generator {
  if (typeof value === 'string')
    yield* [`${value} `, value.toUpperCase() === value ? `${value}x` : value.toUpperCase(), ''];
  else if (typeof value === 'number') yield* [value + 1, String(value)];
  else if (Array.isArray(value)) {
    yield [...value, null];
    if (value.length > 0) yield value.slice(1);
    if (value.length > 1) yield value.toReversed();
    for (const [at, item] of value.entries()) for (const other of changed(item)) yield value.with(at, other);
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, another: 1 };
    for (const [name, member] of Object.entries(value)) {
      const { [name]: _, ...rest } = value as Record<string, unknown>;
      yield rest;
      yield { ...rest, [`${name}_`]: member };
      for (const other of changed(member)) yield { ...value, [name]: other };
    }
  }
}

test.each([
  ['a request for words', respond],
  ['a request for vectors', embed],
])('C2 any change at any place of %s is another key', (_, request) => {
  const key = cacheKey(owner, request);
  const keys = new Set([key]);
  let count = 0;
  for (const other of changed(request)) {
    count += 1;
    // Not one of them is the key of the request itself.
    expect([canonicalJson(other), cacheKey(owner, other as ModelRequest)]).not.toEqual([canonicalJson(other), key]);
    keys.add(cacheKey(owner, other as ModelRequest));
  }
  expect(count).toBeGreaterThan(20);
  // Two places may be changed to the same text; most are not.
  expect(keys.size).toBeGreaterThan(count * 0.9);
});

test('C2 another endpoint, version or caller is another key', () => {
  const owners = [
    owner,
    { ...owner, endpoint: 'classify' },
    { ...owner, version: 2 },
    { ...owner, caller: 'bob' },
    { ...owner, caller: '*' },
  ];
  expect(new Set(owners.map((each) => cacheKey(each, respond))).size).toBe(5);
});

test('C2 what one field loses another cannot gain: the key is not of the texts run together', () => {
  const of = (instructions: string, text: string) => {
    const input: InputItem[] = [{ type: 'message', role: 'user', text }];
    return cacheKey(owner, { ...respond, instructions, input });
  };
  expect(of('ab', 'c')).not.toBe(of('a', 'bc'));
  expect(of('a","text":"b', 'c')).not.toBe(of('a', 'b","text":"c'));
});

/** The same value with the members of every object in another order. */
function shuffled(value: unknown, order: (name: string) => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).map(([name, member]) => [name, shuffled(member, order)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => order(a) - order(b)));
}

test('C2 the order of keys, white space and members that are undefined change no key', () => {
  const anyRequest = fc.record({
    kind: fc.constant('respond' as const),
    model: fc.string(),
    instructions: fc.string({ unit: 'binary' }),
    input: fc.array(
      fc.record({ type: fc.constant('message' as const), role: fc.constant('user' as const), text: fc.string() }),
    ),
    format: fc.record({ name: fc.string(), schema: fc.dictionary(fc.string(), fc.jsonValue()) }),
    maxOutputTokens: fc.nat(),
  });
  fc.assert(
    fc.property(anyRequest, fc.func(fc.integer()), fc.nat(4), (request, order, spaces) => {
      const key = cacheKey(owner, request);
      expect(cacheKey(owner, shuffled(request, order) as ModelRequest)).toBe(key);
      const written = JSON.stringify(shuffled(request, order), null, spaces);
      expect(cacheKey(owner, JSON.parse(written) as ModelRequest)).toBe(key);
      expect(cacheKey(owner, { ...request, tools: undefined } as unknown as ModelRequest)).toBe(key);
    }),
    { seed: SEED },
  );
});

test('C2 two requests have one key only if they are the same', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      const isSame = canonicalJson(a) === canonicalJson(b);
      expect(isSame).toBe(JSON.stringify(shuffled(a, byName(a))) === JSON.stringify(shuffled(b, byName(b))));
      expect(canonicalJson(JSON.parse(canonicalJson(a)))).toBe(canonicalJson(a));
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('C2 canonical JSON sorts members, drops white space, and writes numbers and texts as JSON does', () => {
  const value = { b: [1, 2.5, -0, 1e21], a: { 'é"': null, Z: true, z: 'x\n' }, c: undefined };
  expect(canonicalJson(value)).toBe('{"a":{"Z":true,"z":"x\\n","é\\"":null},"b":[1,2.5,0,1e+21]}');
  expect(canonicalJson([undefined, null])).toBe('[null,null]');
});

/** Puts names into one order, for `shuffled`: that of all names in a value. */
function byName(value: unknown): (name: string) => number {
  const names = new Set<string>();
  const collect = (each: unknown): void => {
    if (Array.isArray(each)) return each.forEach(collect);
    if (each === null || typeof each !== 'object') return;
    for (const [name, member] of Object.entries(each)) {
      names.add(name);
      collect(member);
    }
  };
  collect(value);
  const sorted = [...names].sort();
  return (name) => sorted.indexOf(name);
}
