import type { IncomingMessage } from 'node:http';
import type { GatewayEvent } from '#edge/http-call.ts';
import { GatewayRefusal } from './gateway-refusal.ts';
import type { Route } from './route-table.ts';

/** API Gateway's limits of a REST API, and Lambda's of an event. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;

/** Where a request goes. */
export interface Target {
  readonly path: string;
  /** Null where there is none, as in the event. */
  readonly query: Readonly<Record<string, string>> | null;
}

/** The target as it stands. A URL parser would take `//host/v1` for a host, and throw at `//[`. */
export function targetOf({ url = '/' }: IncomingMessage): Target {
  const at = url.indexOf('?');
  if (at < 0) return { path: url, query: null };
  return { path: url.slice(0, at), query: Object.fromEntries(new URLSearchParams(url.slice(at))) };
}

/** @throws GatewayRefusal 431 for a request line and headers that are too large together */
export function limitHeaders({ method = '', url = '', rawHeaders }: IncomingMessage, requestId: string): void {
  const bytes = rawHeaders.reduce((sum, text) => sum + text.length, method.length + url.length);
  if (bytes <= MAX_HEADER_BYTES) return;
  const detail = `request line and headers must be at most ${MAX_HEADER_BYTES} bytes`;
  throw new GatewayRefusal(431, 'headers_too_large', detail, requestId);
}

/** Reads a body to its end. @throws GatewayRefusal 413 for one that is too large */
export async function readBody(request: IncomingMessage, requestId: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    // Read on without keeping: the caller hears the refusal rather than a broken pipe.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  const limit = Math.min(MAX_BODY_BYTES, Math.floor((MAX_EVENT_BYTES * 3) / 4));
  if (bytes > limit) {
    const detail = `the body must be at most ${limit} bytes, but ${bytes} were sent`;
    throw new GatewayRefusal(413, 'too_large', detail, requestId);
  }
  return Buffer.concat(chunks);
}

export interface EventParts {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly route: Route;
  readonly body: Buffer;
  readonly requestId: string;
  readonly authorizer: Readonly<Record<string, unknown>> | undefined;
  readonly receivedMs: number;
}

/** The event of a REST API with `binaryMediaTypes: ['*\/*']`: every body comes in base64, so that no byte is repaired on the way. */
export function toEvent(parts: EventParts): GatewayEvent & { readonly resource: string } {
  const { request, target, route, body, requestId, authorizer, receivedMs } = parts;
  const headers: Record<string, string> = {};
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    headers[request.rawHeaders[at] as string] = request.rawHeaders[at + 1] as string;
  }
  return {
    resource: route.resource,
    httpMethod: request.method ?? '',
    path: target.path,
    headers,
    queryStringParameters: target.query,
    pathParameters: route.parameters,
    body: body.byteLength === 0 ? null : body.toString('base64'),
    isBase64Encoded: body.byteLength > 0,
    requestContext: { requestId, requestTimeEpoch: receivedMs, ...(authorizer && { authorizer }) },
  };
}
