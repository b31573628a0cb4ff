import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromCacheItem, toCacheItem, type StoredAnswer } from '#cache/stored-answer.ts';
import { fromAttributes, toAttributes, type StoredItem } from '#platform/aws/attributes.ts';
import type { CallEvent } from '#protocol/events.ts';
import { seededRandom } from '#test/support/seeded-random.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 12);
const KEY = 'the-key';

const answerOf = (...events: CallEvent[]): StoredAnswer => ({
  events: [...events, { type: 'finish', reason: 'stop' }],
  modelServed: 'gpt-6-luna',
  costPico: 7_000_000n,
  storedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 60_000,
});

/** The item as it comes back from DynamoDB. */
function stored(answer: StoredAnswer): StoredItem {
  const item = toCacheItem(KEY, answer);
  if (!item) throw new Error('too large');
  return fromAttributes(toAttributes(item));
}

test('C9 what was stored comes back: every event, the model, the cost and the dates', () => {
  const event = fc.oneof(
    fc.record({ type: fc.constant('text' as const), text: fc.string({ unit: 'grapheme' }) }),
    fc.record({
      type: fc.constant('vectors' as const),
      vectors: fc.array(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }).filter((x) => !Object.is(x, -0)))),
    }),
  );
  fc.assert(
    fc.property(fc.array(event), fc.bigInt({ min: 0n, max: 10n ** 20n }), (events, costPico) => {
      const answer = { ...answerOf(...events), costPico };
      expect(fromCacheItem(KEY, stored(answer), NOW_MS)).toEqual(answer);
    }),
    { seed: 20_261_122 },
  );
});

test('C4 an item is fresh until its expiry, and a miss from then on', () => {
  const item = stored(answerOf({ type: 'text', text: 'Hello.' }));
  expect(fromCacheItem(KEY, item, NOW_MS + 59_999)).toBeDefined();
  expect(fromCacheItem(KEY, item, NOW_MS + 60_000)).toBeUndefined();
});

test('C8 an item is a miss under any key but its own', () => {
  const item = stored(answerOf({ type: 'text', text: 'Hello.' }));
  expect(fromCacheItem('another-key', item, NOW_MS)).toBeUndefined();
});

test('C8 an item with any one byte of its body changed is a miss', () => {
  const item = stored(answerOf({ type: 'text', text: 'A weir is a low wall across a river.' }));
  const body = item['body'] as Buffer;
  for (let at = 0; at < body.length; at++) {
    const changed = Buffer.from(body);
    changed[at] = (changed[at] ?? 0) ^ 0x20;
    expect(fromCacheItem(KEY, { ...item, body: changed }, NOW_MS)).toBeUndefined();
  }
});

const anyValue = fc.oneof(
  fc.string(),
  fc.bigInt(),
  fc.boolean(),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
);

test('C8 items of any other make are misses, and never throw', () => {
  const name = fc.constantFrom('pk', 'form', 'body', 'digest', 'costPico', 'storedAtMs', 'expiresAt', 'other');
  fc.assert(
    fc.property(fc.dictionary(name, anyValue), (item) => {
      expect(fromCacheItem(KEY, item, NOW_MS)).toBeUndefined();
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});

test('C8 a sound item with any other form, body or digest is a miss', () => {
  const sound = stored(answerOf({ type: 'text', text: 'Hello.' }));
  const others = fc.dictionary(fc.constantFrom('form', 'body', 'digest'), anyValue, { minKeys: 1 });
  fc.assert(
    fc.property(others, (members) => {
      fc.pre(members['form'] !== sound['form']);
      expect(fromCacheItem(KEY, { ...sound, ...members }, NOW_MS)).toBeUndefined();
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});

test('C5 an answer is stored up to DynamoDB’s limit of an item, by its compressed size', () => {
  const random = seededRandom(1);
  const noise = (bytes: number) =>
    Buffer.from(Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256))).toString('base64');
  const large = toCacheItem(KEY, answerOf({ type: 'text', text: 'weir '.repeat(1_000_000) }));
  expect(large?.body.byteLength).toBeLessThan(100_000);
  expect(toCacheItem(KEY, answerOf({ type: 'text', text: noise(500_000) }))).toBeUndefined();

  const nearly = toCacheItem(KEY, answerOf({ type: 'text', text: noise(380_000) }));
  if (!nearly) throw new Error('it fits');
  // The whole item, names and all.
  expect(JSON.stringify({ ...nearly, body: '', costPico: '' }).length + nearly.body.byteLength).toBeLessThan(
    400 * 1024,
  );
});
