import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { corsHeaders } from '#edge/cors.ts';
import type { HttpReply } from '#edge/http-call.ts';
import { showName } from '#edge/shown.ts';
import type { Clock } from '#platform/clock.ts';
import { Throttled, Unauthenticated } from '#platform/errors.ts';
import { preflightHeaders } from '../cors-preflight.ts';
import { keyForbidden, proofDenied } from '../gateway-errors.ts';
import { isRouted } from '../routes.ts';
import { createAuthorizer, type Decision } from './authorizer.ts';
import { answerBroken } from './broken-request.ts';
import { drainable } from './drain-server.ts';
import { limitHeaders, readBody, targetOf, toEvent } from './gateway-event.ts';
import { GatewayRefusal } from './gateway-refusal.ts';
import { replyStreamed, replyWhole, send } from './gateway-reply.ts';
import type { HostedFunction } from './lambda-host.ts';
import type { RunningApiGateway } from './parts/api-gateway.ts';
import type { ReplyHead } from './prelude.ts';
import { createRouteTable } from './route-table.ts';
import { createUsageThrottle } from './usage-throttle.ts';

export interface GatewayOptions {
  readonly functions: readonly HostedFunction[];
  readonly port: number;
  readonly clock: Clock;
  /** The usage plan of an API key, by which callers are held to their rates. @default no route asks for an API key */
  readonly findUsage?: RunningApiGateway['findUsage'];
  /** The origin whose pages may read replies. @default none */
  readonly corsOrigin?: string | undefined;
  /** Added to every reply of an endpoint: what a user must not mistake for the real thing says so. */
  readonly endpointHeaders?: Readonly<Record<string, string>>;
  /**
   * Told of every request when its reply has ended: of a streamed one when nothing of the call runs any more, with status 499 where
   * the caller left before there was one.
   */
  readonly onReply?: (request: { method: string; path: string }, reply: ReplyHead, tookMs: number) => void;
}

export interface RunningGateway {
  readonly url: string;
  /** Takes no new requests, and resolves when those under way are answered, and every stream's function has ended. */
  stop(): Promise<void>;
}

/**
 * API Gateway on this machine: the same routes, authorizer with its cache, usage plans, event shape, limits and timeouts as the deployed REST
 * API, in front of the same handlers.
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { functions, clock, onReply, corsOrigin, endpointHeaders = {} } = options;
  const findRoute = createRouteTable(functions);
  const authorize = authorizerOf(functions, clock);
  const useOf = options.findUsage ? createUsageThrottle(options.findUsage, clock) : () => 'taken' as const;

  const answer = async (request: IncomingMessage, response: ServerResponse, requestId: string): Promise<ReplyHead> => {
    const receivedMs = clock.nowMs();
    const target = targetOf(request);
    limitHeaders(request, requestId);
    const preflight = corsOrigin === undefined ? undefined : preflightOf(request, target.path, corsOrigin);
    if (preflight) {
      send(response, preflight);
      return preflight;
    }
    const route = findRoute(request.method ?? '', target.path);
    if (!route || !isRouted(route.hosted.entry)) {
      throw new GatewayRefusal(404, 'not_found', `no route ${request.method} ${showName(target.path)}`, requestId);
    }
    const { hosted } = route;
    const { spec } = route.hosted.entry;
    const authorizer = spec.access === 'public' ? undefined : await principalContext(request, target.path, requestId);
    const body = await readBody(request, requestId);
    const event = toEvent({ request, target, route, body, requestId, authorizer, receivedMs });
    const moreHeaders = spec.kind === 'endpoint' ? endpointHeaders : {};
    const exchange = { hosted, event, requestId, response, clock, moreHeaders };
    return hosted.stream ? replyStreamed(exchange) : replyWhole(exchange);
  };

  const preflightOf = ({ method }: IncomingMessage, path: string, origin: string): HttpReply | undefined => {
    const methods = METHODS.filter((each) => findRoute(each, path));
    if (method !== 'OPTIONS' || methods.length === 0) return undefined;
    return { statusCode: 204, headers: { ...preflightHeaders(origin, methods) }, body: '' };
  };

  const principalContext = async (request: IncomingMessage, path: string, requestId: string) => {
    const decision: Decision = await authorize(request.headers.authorization, request.method ?? '', path);
    if (decision.outcome !== 'allowed') throw refusalOf(decision.outcome, requestId);
    const usage = useOf(decision.usageKey);
    if (usage === 'throttled') throw GatewayRefusal.of(new Throttled(), requestId);
    if (usage === 'unknown') throw GatewayRefusal.of(keyForbidden, requestId);
    return decision.context;
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    const startedMs = clock.nowMs();
    const { method = '', url: path = '' } = request;
    // For the replies of no function; a function sets its own.
    for (const [name, value] of Object.entries(corsHeaders(corsOrigin))) response.setHeader(name, value);
    try {
      const head = await answer(request, response, requestId).catch((error: unknown) => {
        const unplanned = () => new GatewayRefusal(500, 'internal', 'the gateway failed', requestId);
        const { reply } = error instanceof GatewayRefusal ? error : unplanned();
        send(response, reply);
        return reply;
      });
      onReply?.({ method, path }, head, clock.nowMs() - startedMs);
    } catch {
      response.destroy();
    }
  };

  const underWay = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const served = serve(request, response);
    underWay.add(served);
    void served.finally(() => underWay.delete(served));
  });
  answerBroken(server);
  const drain = drainable(server);
  await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      await drain();
      await Promise.all(underWay);
    },
  };
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

function refusalOf(outcome: Exclude<Decision['outcome'], 'allowed'>, requestId: string): GatewayRefusal {
  if (outcome === 'unauthorized') return GatewayRefusal.of(new Unauthenticated(), requestId);
  if (outcome === 'forbidden') return GatewayRefusal.of(proofDenied, requestId);
  return new GatewayRefusal(500, 'internal', 'the authorizer failed', requestId);
}

function authorizerOf(functions: readonly HostedFunction[], clock: Clock) {
  for (const hosted of functions) {
    const { spec } = hosted.entry;
    if (spec.kind === 'authorizer') return createAuthorizer(hosted, spec.cacheSeconds, clock);
  }
  throw new Error('the inventory has no authorizer');
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
