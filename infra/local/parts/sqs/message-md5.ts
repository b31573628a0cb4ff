import { createHash } from 'node:crypto';
import * as z from 'zod';

/** A message's attribute as it travels; binary values as base64. */
export const messageAttribute = z.object({
  DataType: z.string().regex(/^(String|Number|Binary)(\..+)?$/),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
export type MessageAttributes = Readonly<Record<string, z.infer<typeof messageAttribute>>>;

/** The MD5 that SDKs compare with what they sent. */
export function md5OfBody(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

const STRING_VALUE = 1;
const BINARY_VALUE = 2;

/**
 * The MD5 over a message's attributes: sorted by name, each as length-prefixed name, type and value.
 * @returns `undefined` without attributes
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  for (const name of names) {
    const { DataType, StringValue, BinaryValue } = attributes[name]!;
    hash.update(prefixed(Buffer.from(name))).update(prefixed(Buffer.from(DataType)));
    hash.update(Buffer.of(DataType.startsWith('Binary') ? BINARY_VALUE : STRING_VALUE));
    hash.update(prefixed(valueOf(StringValue, BinaryValue)));
  }
  return hash.digest('hex');
}

/** The bytes that a message counts towards SQS's size limit: its body and its attributes' names, types and values. */
export function messageBytes(body: string, attributes: MessageAttributes): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + valueOf(StringValue, BinaryValue).length;
  }
  return bytes;
}

function valueOf(text: string | undefined, base64: string | undefined): Buffer {
  return base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64');
}

function prefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
