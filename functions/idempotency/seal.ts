import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { canonicalJson } from '#platform/canonical-json.ts';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The key to a stored reply, made of what only a repeat of the same request has: its idempotency key and its input, neither of
 * which is stored. Who reads the table without them reads nothing.
 */
export function sealKeyOf(idempotencyKey: string, input: unknown): Buffer {
  return createHash('sha256')
    .update(canonicalJson(['a reply to', idempotencyKey, input]))
    .digest();
}

/** Encrypted and authenticated. */
export function seal(bytes: Uint8Array, key: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce);
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error for what was not sealed with this key */
export function unseal(sealed: Uint8Array, key: Buffer): Buffer {
  const bytes = Buffer.from(sealed);
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
