import type { Config } from '#platform/config.ts';
import { corsHeaders } from '../cors.ts';
import type { HttpCall, HttpReply } from '../http-call.ts';
import type { HttpMiddleware } from '../http-middleware.ts';
import { SECURITY_HEADERS } from '../security-headers.ts';

/** Adds the headers that every reply bears, and those that the call collected, to replies and problems alike. */
export default function replyHeaders({ corsOrigin }: Pick<Config, 'corsOrigin'>): HttpMiddleware {
  const always = { ...SECURITY_HEADERS, ...corsHeaders(corsOrigin) };
  const addHeaders = (call: HttpCall, reply: HttpReply): HttpReply => {
    const headers: Record<string, string> = {
      ...always,
      'x-request-id': call.requestId,
      ...call.replyHeaders,
      ...reply.headers,
    };
    // A reply that varies by itself does so by its reader's origin too.
    const { vary } = reply.headers;
    if (corsOrigin !== undefined && vary !== undefined) headers['vary'] = `${vary}, origin`;
    return { ...reply, headers };
  };
  return {
    after: (request) => void (request.response = addHeaders(request.event, request.response as HttpReply)),
    onError: (request) => void (request.response = addHeaders(request.event, request.response as HttpReply)),
  };
}
