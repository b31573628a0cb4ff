import type * as z from 'zod';
import type { Platform } from '#platform/platform.ts';
import { entryHandler, type BufferedEntryHandler } from './entry-handler.ts';
import { errorReplyOf } from './error-reply.ts';
import { httpChain, type HttpAnswer } from './http-chain.ts';
import type { HttpCall, HttpReply } from './http-call.ts';
import type { HttpMiddleware } from './http-middleware.ts';
import identifyPrincipal from './middleware/identify-principal.ts';
import parseBody from './middleware/parse-body.ts';
import validateInput from './middleware/validate-input.ts';
import type { RouteSpec } from './specs.ts';

/** What a route answers: JSON, or a text or bytes of their own content type, with headers of their own. */
export type RouteReply =
  | { readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | ({ readonly contentType: string; readonly headers?: Readonly<Record<string, string>> } & (
      { readonly text: string } | { readonly base64: string }
    ));

interface DefinitionBase<Query extends z.ZodType> extends Omit<
  RouteSpec,
  | 'kind'
  | 'method'
  | 'query'
  | 'body'
  | 'reads'
  | 'writes'
  | 'catalog'
  | 'produces'
  | 'example'
  | 'status'
  | 'timeoutMs'
  | 'memoryMb'
> {
  /** Query and path parameters by their names; where both have one, the path's counts. */
  readonly query: Query;
  readonly reads?: RouteSpec['reads'];
  readonly writes?: RouteSpec['writes'];
  readonly catalog?: boolean;
  /** @default 200 */
  readonly status?: RouteSpec['status'];
  /** @default JSON only */
  readonly produces?: readonly string[];
  /** @default 10,000 */
  readonly timeoutMs?: number;
  /** @default 256 */
  readonly memoryMb?: number;
}

type Handle<Input> = (input: Input, platform: Platform, call: HttpCall) => Promise<RouteReply>;

interface PlainDefinition<Query extends z.ZodType> extends DefinitionBase<Query> {
  readonly method: 'GET' | 'DELETE';
  readonly body?: never;
  readonly example?: z.input<Query> & Named;
  readonly handle: Handle<z.output<Query>>;
}

interface BodyDefinition<Query extends z.ZodType, Body extends z.ZodType> extends DefinitionBase<Query> {
  readonly method: 'POST' | 'PUT';
  readonly body: Body;
  readonly example?: WithBody<z.input<Query>, z.input<Body>> & Named;
  readonly handle: Handle<WithBody<z.output<Query>, z.output<Body>>>;
}

/** The body beside the parameters; a query without any has every name, and so would have this one as `never`. */
type WithBody<Query, Body> = string extends keyof Query ? { body: Body } : Query & { body: Body };

/** A schema's input, which is an object wherever there are parameters. */
type Named = Readonly<Record<string, unknown>>;

/** All that an engineer writes to add a route. */
export type RouteDefinition<Query extends z.ZodType, Body extends z.ZodType> =
  PlainDefinition<Query> | BodyDefinition<Query, Body>;

/**
 * A route that is no endpoint: it has no way upstream. Its `handle` is given the query and path parameters, and beside them the
 * `body`, all as their schemas make them.
 */
export function defineRoute<Query extends z.ZodType, Body extends z.ZodType>({
  handle,
  ...definition
}: RouteDefinition<Query, Body>): { readonly handler: BufferedEntryHandler; readonly spec: RouteSpec } {
  const { access, query, body } = definition;
  const spec: RouteSpec = {
    reads: [],
    writes: [],
    catalog: false,
    produces: ['application/json'],
    status: 200,
    timeoutMs: 10_000,
    memoryMb: 256,
    ...definition,
    kind: 'route',
  };
  const handler = entryHandler(({ platform }) => {
    const middlewares: HttpMiddleware[] = [
      ...(access === 'public' ? [] : [identifyPrincipal(access, platform.config)]),
      validateInput(query, 'query'),
      ...(body ? [parseBody(), validateInput(body, 'body')] : []),
    ];
    const answer: HttpAnswer = async (call) => {
      const input = body ? { ...(call.validQuery as object), body: call.input } : call.validQuery;
      // The schemas made it, and only the type of the definition knows what of.
      return toHttpReply(await (handle as Handle<unknown>)(input, platform, call), spec.status);
    };
    const { log, config } = platform;
    return httpChain({ log, config, middlewares, answer, toErrorReply: errorReplyOf(definition.errors) });
  });
  return { handler, spec };
}

function toHttpReply(reply: RouteReply, statusCode: number): HttpReply {
  if ('json' in reply) {
    const headers = { ...reply.headers, 'content-type': 'application/json' };
    return { statusCode, headers, body: JSON.stringify(reply.json) };
  }
  const head = { statusCode, headers: { ...reply.headers, 'content-type': reply.contentType } };
  return 'text' in reply ? { ...head, body: reply.text } : { ...head, body: reply.base64, isBase64Encoded: true };
}
