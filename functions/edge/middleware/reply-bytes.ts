import { Readable } from 'node:stream';
import type { HttpReply, StreamedReply } from '../http-call.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/** All of it is there: no iterator has to be asked for it. */
function streamOf(bytes: Buffer): Readable {
  const body = new Readable({ read: () => undefined });
  body.push(bytes);
  body.push(null);
  return body;
}

/**
 * Gives a body that is there whole as a stream of its bytes. Middy cuts a text every so many UTF-16 units, in the middle of a
 * character too, and waits for ever for a reader who has left.
 */
export default function replyBytes(): HttpMiddleware {
  const toBytes = (request: { response: unknown }): void => {
    const reply = request.response as HttpReply | StreamedReply;
    if (typeof reply.body !== 'string') return;
    request.response = { ...reply, body: streamOf(Buffer.from(reply.body)) };
  };
  return { after: toBytes, onError: toBytes };
}
