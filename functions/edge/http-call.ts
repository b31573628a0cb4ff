import type { Principal } from '#platform/principal.ts';

/** The parts of API Gateway's REST proxy event that Weir reads. */
export interface GatewayEvent {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>> | null;
  readonly queryStringParameters: Readonly<Record<string, string | undefined>> | null;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly requestId: string;
    /** When API Gateway took the request (epoch ms): its 29 s run from here, cold start included. */
    readonly requestTimeEpoch: number;
    /** What the Lambda authorizer said of the caller. */
    readonly authorizer?: Readonly<Record<string, unknown>> | null;
  };
}

/** One HTTP request on its way through the chain. Each middleware adds what it found out. */
export interface HttpCall {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly rawBody: { readonly text: string; readonly isBase64: boolean } | undefined;
  readonly requestId: string;
  readonly requestTimeMs: number;
  readonly authorizer: Readonly<Record<string, unknown>> | undefined;
  /** The parsed body, or the query of a route without one. */
  input: unknown;
  principal: Principal | undefined;
  /** Headers that the reply shall bear, whatever becomes of the call. */
  readonly replyHeaders: Record<string, string>;
}

/** What goes back to API Gateway. */
export interface HttpReply {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Takes an event apart. Header names come in any case, and twice in different cases: the last one counts. */
export function toHttpCall(event: GatewayEvent): HttpCall {
  return {
    method: event.httpMethod,
    path: event.path,
    headers: definedMembers(event.headers, (name) => name.toLowerCase()),
    query: definedMembers(event.queryStringParameters, (name) => name),
    rawBody: event.body === null ? undefined : { text: event.body, isBase64: event.isBase64Encoded },
    requestId: event.requestContext.requestId,
    requestTimeMs: event.requestContext.requestTimeEpoch,
    authorizer: event.requestContext.authorizer ?? undefined,
    input: undefined,
    principal: undefined,
    replyHeaders: {},
  };
}

function definedMembers(
  members: Readonly<Record<string, string | undefined>> | null,
  rename: (name: string) => string,
): Record<string, string> {
  const defined: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(members ?? {})) if (value !== undefined) defined[rename(name)] = value;
  return defined;
}
