import type { Readable } from 'node:stream';
import type { Principal } from '#platform/principal.ts';
import type { StreamWish } from './stream-wish.ts';

/** The parts of API Gateway's REST proxy event that Weir reads. */
export interface GatewayEvent {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>> | null;
  readonly queryStringParameters: Readonly<Record<string, string | undefined>> | null;
  /** What stands in the places of the route's `{name}`s. */
  readonly pathParameters?: Readonly<Record<string, string | undefined>> | null;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly requestId: string;
    /** When API Gateway took the request (epoch ms): its 29 s run from here, cold start included. */
    readonly requestTimeEpoch: number;
    /** What the Lambda authorizer said of the caller. */
    readonly authorizer?: Readonly<Record<string, unknown>> | null;
    /** Who signed the request, where API Gateway had IAM check that; null elsewhere. Nothing that a caller sends comes here. */
    readonly identity?: { readonly userArn?: string | null } | null;
  };
}

/** One HTTP request on its way through the chain. Each middleware adds what it found out. */
export interface HttpCall {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** What stands in the places of the route's `{name}`s, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly rawBody: { readonly text: string; readonly isBase64: boolean } | undefined;
  readonly requestId: string;
  readonly requestTimeMs: number;
  readonly authorizer: Readonly<Record<string, unknown>> | undefined;
  /** The ARN of who signed the request, on a route that IAM guards. */
  readonly signedBy: string | undefined;
  /** Query and path parameters, as the route's schema makes them. */
  validQuery: unknown;
  /** The parsed body, then what its schema makes of it. */
  input: unknown;
  /** What the caller asked for beside the input of an endpoint that streams. */
  streamWish: StreamWish | undefined;
  principal: Principal | undefined;
  /** The call itself, which may still run when the head of its reply is sent. */
  underWay: Promise<unknown> | undefined;
  /** Headers that the reply shall bear, whatever becomes of the call. */
  readonly replyHeaders: Record<string, string>;
  /** Aborts when the caller has left, where the platform tells. */
  readonly gone: AbortSignal;
}

/** What goes back to API Gateway. */
export interface HttpReply {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** The body stands for bytes, in base64: API Gateway sends those. @default false */
  readonly isBase64Encoded?: boolean;
}

/** A reply whose body is still being made when its head is sent. */
export interface StreamedReply {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/** Where nobody tells that a caller has left. */
const NEVER_GONE = new AbortController().signal;

/** Takes an event apart. Header names come in any case, and twice in different cases: the last one counts. */
export function toHttpCall(event: GatewayEvent, gone: AbortSignal = NEVER_GONE): HttpCall {
  return {
    method: event.httpMethod,
    path: event.path,
    headers: definedMembers(event.headers, (name) => name.toLowerCase()),
    query: definedMembers(event.queryStringParameters),
    parameters: definedMembers(event.pathParameters, undefined, decodeOnce),
    rawBody: event.body === null ? undefined : { text: event.body, isBase64: event.isBase64Encoded },
    requestId: event.requestContext.requestId,
    requestTimeMs: event.requestContext.requestTimeEpoch,
    authorizer: event.requestContext.authorizer ?? undefined,
    signedBy: event.requestContext.identity?.userArn ?? undefined,
    validQuery: undefined,
    input: undefined,
    streamWish: undefined,
    principal: undefined,
    underWay: undefined,
    replyHeaders: {},
    gone,
  };
}

function definedMembers(
  members: Readonly<Record<string, string | undefined>> | null | undefined,
  rename = (name: string) => name,
  read = (value: string) => value,
): Record<string, string> {
  const defined: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(members ?? {}))
    if (value !== undefined) defined[rename(name)] = read(value);
  return defined;
}

/**
 * A segment of the path comes as it was sent: `endpoint%3Asummarize`. What was decoded on its way may hold a `%` that begins no
 * code, and is left as it is.
 */
function decodeOnce(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
