import { randomUUID } from 'node:crypto';
import type { Entry } from '#infra/inventory.ts';
import { parameterIn } from '#infra/path-parameters.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import type { CallerPolicy, Role } from '#platform/principal.ts';
import { restEvent } from './lambda-events.ts';

export interface EntryRequest {
  readonly method: string;
  /** Goes as JSON. @default none */
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
}

/** How a request differs from a plain one. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Who the authorizer says is calling; `null`: nobody was asked, as on a public route. @default 'ada' */
  readonly caller?: string | null;
  /** The ARN of who signed the request. @default nobody did */
  readonly signedBy?: string;
  /** What the callers table says of the caller. @default nothing */
  readonly policy?: CallerPolicy;
  /** The rate that Weir itself is to hold the caller to. @default none */
  readonly requestsPerSecond?: number;
  /** @default caller */
  readonly roles?: readonly Role[];
  /** Lambda's remaining time as the handler starts. @default 30,000 */
  readonly remainingMs?: number;
  /** When API Gateway took the request (epoch ms). @default now, by the Weir's clock */
  readonly requestTimeMs?: number;
  /** The body as it stands, in place of the JSON of `body`; `null`: none. */
  readonly rawBody?: string | null;
  /** `rawBody` is base64. @default false */
  readonly isBase64?: boolean;
  /** What stands in the places of the route's parameters, in clear: `{ scope: 'endpoint:summarize' }`. */
  readonly params?: Readonly<Record<string, string>>;
}

/** API Gateway's event of a request to an entry's route. @throws Error for an entry that has none */
export function entryEvent(
  entry: Entry,
  { method, body, query = {} }: EntryRequest,
  options: RequestOptions & { readonly requestTimeMs: number },
): object {
  const { headers = {}, caller = 'ada', roles = ['caller'], policy, isBase64 = false } = options;
  const { params = {}, requestTimeMs, requestsPerSecond } = options;
  const [routed] = routedEntries([entry]);
  if (!routed) throw new Error(`${entry.name} has no route`);
  const resource = pathOf(routed);
  const json = body === undefined ? null : JSON.stringify(body);
  return restEvent({
    method,
    resource,
    ...fillIn(resource, params),
    headers,
    query: Object.keys(query).length === 0 ? null : query,
    body: options.rawBody === undefined ? json : options.rawBody,
    isBase64,
    authorizer:
      caller === null
        ? null
        : {
            callerId: caller,
            roles: roles.join(','),
            ...(policy && { policy: JSON.stringify(policy) }),
            ...(requestsPerSecond && { requestsPerSecond: String(requestsPerSecond) }),
          },
    ...(options.signedBy !== undefined && { signedBy: options.signedBy }),
    requestId: randomUUID(),
    requestTimeMs,
  });
}

/** A route's path with values in the places of its parameters, in percent codes as they travel. */
function fillIn(resource: string, params: Readonly<Record<string, string>>) {
  const pathParameters: Record<string, string> = {};
  const segments = resource.split('/').map((segment) => {
    const name = parameterIn(segment);
    if (name === undefined) return segment;
    if (params[name] === undefined) throw new Error(`${resource} needs params: { ${name} }`);
    return (pathParameters[name] = encodeURIComponent(params[name]));
  });
  const hasAny = Object.keys(pathParameters).length > 0;
  return { path: segments.join('/'), pathParameters: hasAny ? pathParameters : null };
}
