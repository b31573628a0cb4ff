import type { HttpCall, HttpReply } from '../http-call.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/** Headers of every reply. No CORS: browsers have no business here unless a deployment says so. */
const ALWAYS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
};

/** Adds the headers that every reply bears, and those that the call collected, to replies and problems alike. */
export default function replyHeaders(): HttpMiddleware {
  const addHeaders = (call: HttpCall, reply: HttpReply): HttpReply => ({
    ...reply,
    headers: { ...ALWAYS, 'x-request-id': call.requestId, ...call.replyHeaders, ...reply.headers },
  });
  return {
    after: (request) => void (request.response = addHeaders(request.event, request.response as HttpReply)),
    onError: (request) => void (request.response = addHeaders(request.event, request.response as HttpReply)),
  };
}
