import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_PACKED_BYTES, packReply, unpackReply } from '#idempotency/packed-reply.ts';

/** Text that deflate cannot shorten by much: a random byte in hexadecimal takes half of its two characters. */
const noise = (bytes: number) => randomBytes(bytes).toString('hex');

test('L7 whatever a reply says comes out as it went in', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(anyText, (body) => {
      const reply = JSON.stringify({ body });
      expect(unpackReply(packReply(reply) as Buffer)).toBe(reply);
    }),
    { seed: 20_261_122 },
  );
});

test('L7 a reply is kept up to the limit of an item by its compressed size, and not above', () => {
  const fits = noise(MAX_PACKED_BYTES * 0.85);
  const packed = packReply(fits) as Buffer;
  expect(fits.length).toBeGreaterThan(MAX_PACKED_BYTES);
  expect(packed.byteLength).toBeLessThanOrEqual(MAX_PACKED_BYTES);
  expect(unpackReply(packed)).toBe(fits);
  expect(packReply(noise(MAX_PACKED_BYTES * 1.1))).toBeUndefined();
});

test('what would inflate to more than any reply is neither packed nor unpacked', () => {
  const huge = ' '.repeat(16 * 1024 * 1024 + 1);
  expect(packReply(huge)).toBeUndefined();
  expect(() => unpackReply(deflateRawSync(huge))).toThrow();
  expect(() => unpackReply(Buffer.from('not deflated'))).toThrow();
});
