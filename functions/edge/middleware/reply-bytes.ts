import { Readable } from 'node:stream';
import type { HttpReply, StreamedReply } from '../http-call.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/**
 * Gives a body that is there whole as a stream of its bytes. Middy cuts a text every so many UTF-16 units, in the middle of a
 * character too, and waits for ever for a reader who has left.
 */
export default function replyBytes(): HttpMiddleware {
  const toBytes = (request: { response: unknown }): void => {
    const reply = request.response as HttpReply | StreamedReply;
    if (typeof reply.body !== 'string') return;
    request.response = { ...reply, body: Readable.from([Buffer.from(reply.body)], { objectMode: false }) };
  };
  return { after: toBytes, onError: toBytes };
}
