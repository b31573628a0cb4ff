import type * as z from 'zod';
import type { Platform } from '#platform/platform.ts';
import { entryHandler, type EntryHandler } from './entry-handler.ts';
import { httpChain } from './http-chain.ts';
import type { HttpCall, HttpReply } from './http-call.ts';
import identifyPrincipal from './middleware/identify-principal.ts';
import validateInput from './middleware/validate-input.ts';
import type { RouteSpec } from './specs.ts';

/** What a route answers: JSON, or a text of its own content type. */
export type RouteReply = { readonly json: unknown } | { readonly contentType: string; readonly text: string };

export interface RouteDefinition<Query extends z.ZodType> extends Omit<
  RouteSpec,
  'kind' | 'query' | 'reads' | 'catalog' | 'produces' | 'timeoutMs' | 'memoryMb'
> {
  readonly query: Query;
  readonly reads?: RouteSpec['reads'];
  readonly catalog?: boolean;
  /** @default JSON only */
  readonly produces?: readonly string[];
  /** @default 10,000 */
  readonly timeoutMs?: number;
  /** @default 256 */
  readonly memoryMb?: number;
  readonly handle: (query: z.output<Query>, platform: Platform, call: HttpCall) => Promise<RouteReply>;
}

/** A route that is no endpoint: it reads, and has no way upstream. */
export function defineRoute<Query extends z.ZodType>({
  handle,
  ...definition
}: RouteDefinition<Query>): { readonly handler: EntryHandler; readonly spec: RouteSpec } {
  const { access, query } = definition;
  const spec: RouteSpec = {
    reads: [],
    catalog: false,
    produces: ['application/json'],
    timeoutMs: 10_000,
    memoryMb: 256,
    ...definition,
    kind: 'route',
  };
  const handler = entryHandler(({ platform }) => {
    const guards = access === 'public' ? [] : [identifyPrincipal(access)];
    return httpChain(platform.log, [...guards, validateInput(query, 'query')], async (call) =>
      toHttpReply(await handle(call.input as z.output<Query>, platform, call)),
    );
  });
  return { handler, spec };
}

function toHttpReply(reply: RouteReply): HttpReply {
  if ('text' in reply) return { statusCode: 200, headers: { 'content-type': reply.contentType }, body: reply.text };
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(reply.json) };
}
