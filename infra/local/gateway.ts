import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GatewayEvent, HttpReply } from '#edge/http-call.ts';
import { showName } from '#edge/shown.ts';
import type { Clock } from '#platform/clock.ts';
import { isRouted } from '../routes.ts';
import { createAuthorizer, type Decision } from './authorizer.ts';
import type { HostedFunction } from './lambda-host.ts';
import { createRouteTable, type Route } from './route-table.ts';

/** API Gateway's limits of a REST API, and Lambda's of an event. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const MAX_HEADER_BYTES = 10_240;
const INTEGRATION_TIMEOUT_MS = 29_000;

export interface GatewayOptions {
  readonly functions: readonly HostedFunction[];
  readonly port: number;
  readonly clock: Clock;
  /** Added to every reply of an endpoint: what a user must not mistake for the real thing says so. */
  readonly endpointHeaders?: Readonly<Record<string, string>>;
  /** Told of every request that was answered. */
  readonly onReply?: (request: { method: string; path: string }, reply: HttpReply, tookMs: number) => void;
}

export interface RunningGateway {
  readonly url: string;
  /** Takes no new requests, and resolves when those under way are answered. */
  stop(): Promise<void>;
}

/** A reply that API Gateway itself gives. */
class GatewayRefusal extends Error {
  readonly reply: HttpReply;

  constructor(status: number, code: string, detail: string, requestId: string) {
    super(detail);
    const title = code.replaceAll('_', ' ');
    const document = { type: `urn:weir:problem:${code.replaceAll('_', '-')}`, title, status, code, detail, requestId };
    const headers = { 'content-type': 'application/problem+json', 'x-request-id': requestId };
    this.reply = { statusCode: status, headers, body: JSON.stringify(document) };
  }
}

/**
 * API Gateway on this machine: the same routes, authorizer with its cache, event shape, limits and timeout as the deployed REST
 * API, in front of the same handlers.
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { functions, clock, onReply } = options;
  const findRoute = createRouteTable(functions);
  const authorize = authorizerOf(functions, clock);

  const answer = async (request: IncomingMessage, requestId: string, receivedMs: number): Promise<HttpReply> => {
    const target = targetOf(request);
    const route = findRoute(request.method ?? '', target.path);
    if (!route || !isRouted(route.hosted.entry)) {
      throw new GatewayRefusal(404, 'not_found', `no route ${request.method} ${showName(target.path)}`, requestId);
    }
    if (headerBytes(request) > MAX_HEADER_BYTES) {
      throw new GatewayRefusal(
        431,
        'headers_too_large',
        `headers must be at most ${MAX_HEADER_BYTES} bytes`,
        requestId,
      );
    }
    const { spec } = route.hosted.entry;
    const context = spec.access === 'public' ? undefined : await principalContext(request, target.path, requestId);
    const body = await readBody(request, requestId);
    const event = toEvent({ request, target, route, body, requestId, authorizer: context, receivedMs });
    const reply = await invoke(route.hosted, event, requestId);
    return spec.kind === 'endpoint' ? { ...reply, headers: { ...reply.headers, ...options.endpointHeaders } } : reply;
  };

  const principalContext = async (request: IncomingMessage, path: string, requestId: string) => {
    const decision: Decision = await authorize(request.headers.authorization, request.method ?? '', path);
    if (decision.outcome === 'allowed') return decision.context;
    if (decision.outcome === 'unauthorized') {
      throw new GatewayRefusal(
        401,
        'unauthenticated',
        'a valid key is required: Authorization: Bearer <key>',
        requestId,
      );
    }
    if (decision.outcome === 'forbidden')
      throw new GatewayRefusal(403, 'forbidden', 'this key may not use this', requestId);
    throw new GatewayRefusal(500, 'internal', 'the authorizer failed', requestId);
  };

  const invoke = (hosted: HostedFunction, event: GatewayEvent, requestId: string): Promise<HttpReply> =>
    new Promise((resolve, reject) => {
      const timedOut = () => reject(new GatewayRefusal(504, 'gateway_timeout', 'no answer within 29 s', requestId));
      const cancel = clock.startTimer(timedOut, INTEGRATION_TIMEOUT_MS);
      const failed = () => reject(new GatewayRefusal(502, 'internal', 'the function failed', requestId));
      hosted
        .invoke(event, requestId)
        .then((reply) => resolve(reply as HttpReply), failed)
        .finally(cancel);
    });

  const server = createServer((request, response) => {
    const requestId = randomUUID();
    const startedMs = clock.nowMs();
    answer(request, requestId, startedMs)
      .catch((error: unknown) => {
        if (error instanceof GatewayRefusal) return error.reply;
        return new GatewayRefusal(500, 'internal', 'the gateway failed', requestId).reply;
      })
      .then((reply) => {
        send(response, reply);
        return onReply?.({ method: request.method ?? '', path: request.url ?? '' }, reply, clock.nowMs() - startedMs);
      })
      .catch(() => response.destroy());
  });
  await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

function authorizerOf(functions: readonly HostedFunction[], clock: Clock) {
  for (const hosted of functions) {
    const { spec } = hosted.entry;
    if (spec.kind === 'authorizer') return createAuthorizer(hosted, spec.cacheSeconds, clock);
  }
  throw new Error('the inventory has no authorizer');
}

interface Target {
  readonly path: string;
  /** Null where there is none, as in the event. */
  readonly query: Readonly<Record<string, string>> | null;
}

/** The target as it stands. A URL parser would take `//host/v1` for a host, and throw at `//[`. */
function targetOf({ url = '/' }: IncomingMessage): Target {
  const at = url.indexOf('?');
  if (at < 0) return { path: url, query: null };
  return { path: url.slice(0, at), query: Object.fromEntries(new URLSearchParams(url.slice(at))) };
}

function headerBytes(request: IncomingMessage): number {
  return request.rawHeaders.reduce((sum, text) => sum + text.length, 0);
}

async function readBody(request: IncomingMessage, requestId: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    // Read on without keeping: the caller hears the refusal rather than a broken pipe.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  const limit = Math.min(MAX_BODY_BYTES, Math.floor((MAX_EVENT_BYTES * 3) / 4));
  if (bytes > limit) {
    throw new GatewayRefusal(
      413,
      'too_large',
      `the body must be at most ${limit} bytes, but ${bytes} were sent`,
      requestId,
    );
  }
  return Buffer.concat(chunks);
}

interface EventParts {
  readonly request: IncomingMessage;
  readonly target: Target;
  readonly route: Route;
  readonly body: Buffer;
  readonly requestId: string;
  readonly authorizer: Readonly<Record<string, unknown>> | undefined;
  readonly receivedMs: number;
}

/** The event of a REST API with `binaryMediaTypes: ['*\/*']`: every body comes in base64, so that no byte is repaired on the way. */
function toEvent(parts: EventParts): GatewayEvent & { readonly resource: string } {
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

function send(response: ServerResponse, { statusCode, headers, body }: HttpReply): void {
  response.writeHead(statusCode, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
