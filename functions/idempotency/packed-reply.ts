import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { seal, unseal } from './seal.ts';

/** DynamoDB's limit of 400 KB an item, less room for keys and attributes. */
export const MAX_PACKED_BYTES = 390 * 1024;
/** What inflates to more than this was not packed here. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;

/**
 * A reply's text, compressed for its item; undefined when it is too large for one all the same.
 * @param sealKey encrypts it, where it may not stand in clear
 */
export function packReply(reply: string, sealKey?: Buffer): Buffer | undefined {
  if (Buffer.byteLength(reply) > MAX_REPLY_BYTES) return undefined;
  // Level 1, as in the cache: higher ones win little on replies, and the caller waits for it.
  const packed = deflateRawSync(reply, { level: 1 });
  const kept = sealKey ? seal(packed, sealKey) : packed;
  return kept.byteLength > MAX_PACKED_BYTES ? undefined : kept;
}

/** @throws Error for what was not packed here, with the same key */
export function unpackReply(packed: Uint8Array, sealKey?: Buffer): string {
  return inflateRawSync(sealKey ? unseal(packed, sealKey) : packed, { maxOutputLength: MAX_REPLY_BYTES }).toString();
}
