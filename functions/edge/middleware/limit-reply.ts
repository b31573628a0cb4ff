import { TooLarge } from '#platform/errors.ts';
import type { HttpReply } from '../http-call.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/** Lambda's limit of a buffered reply, for the whole document that carries it. */
const MAX_DOCUMENT_BYTES = 6_291_556;
/** Escaping makes a body at most six times as long: below this there is nothing to measure. */
const SAFE_BODY_BYTES = 1_000_000;

/**
 * Refuses a reply that Lambda would drop, with the limit and the size. The body is counted as it travels: a string inside a
 * JSON document, where every quote takes two bytes.
 */
export default function limitReply(): HttpMiddleware {
  return {
    after(request) {
      const reply = request.response as HttpReply;
      if (Buffer.byteLength(reply.body) <= SAFE_BODY_BYTES) return;
      const documentBytes = Buffer.byteLength(JSON.stringify(reply));
      if (documentBytes <= MAX_DOCUMENT_BYTES) return;
      const message = `the reply would be ${documentBytes} bytes long, but at most ${MAX_DOCUMENT_BYTES} fit: ask for less at once`;
      throw new TooLarge(message, { limitBytes: MAX_DOCUMENT_BYTES, replyBytes: documentBytes });
    },
  };
}
