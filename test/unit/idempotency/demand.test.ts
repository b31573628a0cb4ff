import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprintOf, recordKey, type KeyOwner } from '#idempotency/demand.ts';

const SEED = 20_261_122;
const ada: KeyOwner = { callerKind: 'caller', caller: 'ada', endpoint: 'summarize' };
const aText = fc.string({ maxLength: 12 });
const anOwner = fc.record({ callerKind: fc.constantFrom('caller', 'queue', 'iam'), caller: aText, endpoint: aText });

test('L7 another caller, kind of caller, endpoint or key is another record, however the texts are cut', () => {
  fc.assert(
    fc.property(anOwner, aText, anOwner, aText, (owner, key, other, otherKey) => {
      const parts = ({ callerKind, caller, endpoint }: KeyOwner, own: string) =>
        JSON.stringify([callerKind, caller, endpoint, own]);
      const isSame = parts(owner, key) === parts(other, otherKey);
      expect(recordKey(owner, key) === recordKey(other, otherKey)).toBe(isSame);
    }),
    { seed: SEED },
  );
  const joined = [
    recordKey({ ...ada, caller: 'a', endpoint: 'bc' }, 'd'),
    recordKey({ ...ada, caller: 'ab', endpoint: 'c' }, 'd'),
    recordKey({ ...ada, caller: 'a', endpoint: 'b' }, 'cd'),
  ];
  expect(new Set(joined).size).toBe(3);
});

test('D1 the key in a record’s name is a digest: no part of it is there in clear', () => {
  const pk = recordKey(ada, 'order-2026-11-22-0042');
  expect(pk).toMatch(/^idempotency#[\w-]{43}$/);
  expect(pk).not.toContain('0042');
});

test('L7 the same input has the same fingerprint in whatever order its members stand; another value or version has not', () => {
  const first = fingerprintOf('key', 1, { text: 'A weir.', sentences: 3 });
  expect(fingerprintOf('key', 1, { sentences: 3, text: 'A weir.', style: undefined })).toBe(first);
  const others = [
    fingerprintOf('key', 1, { text: 'A weir.', sentences: 4 }),
    fingerprintOf('key', 1, { text: 'A weir', sentences: 3 }),
    fingerprintOf('key', 1, { text: 'A weir.', sentences: '3' }),
    fingerprintOf('key', 2, { text: 'A weir.', sentences: 3 }),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
});

test('L7 what a schema makes of an input is told apart too: dates and URLs by what they say', () => {
  const at = (day: string) => fingerprintOf('key', 1, { at: new Date(day), from: new URL('https://a.example/') });
  expect(at('2026-11-22')).toBe(at('2026-11-22'));
  expect(at('2026-11-22')).not.toBe(at('2026-11-23'));
  expect(fingerprintOf('key', 1, new URL('https://a.example/'))).not.toBe(
    fingerprintOf('key', 1, new URL('https://b.example/')),
  );
});
