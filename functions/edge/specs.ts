import type * as z from 'zod';
import type { Role } from '#platform/principal.ts';
import type { ModelTier } from './models.ts';

/**
 * What an entry file says of itself. Everything outside the function is made from it: route, Lambda, role, queue, schema,
 * OpenAPI, local route, tests.
 */
export type EntrySpec = EndpointSpec | RouteSpec | AuthorizerSpec;

/** An endpoint: takes JSON, asks models, is paid for. Reachable over HTTP and through its own queue. */
export interface EndpointSpec {
  readonly kind: 'endpoint';
  readonly summary: string;
  readonly method: 'POST';
  /** @default `/v1/<name>` */
  readonly path?: string;
  readonly access: readonly Role[];
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** An input that works: documentation, the first curl line, the contract tests. */
  readonly example: unknown;
  /** How the output comes about: JSON of the model's that fits it, text of the model's, or code. */
  readonly answers: 'json' | 'text' | 'run';
  readonly model: ModelTier;
  readonly limits: EndpointLimits;
  readonly deterministic?: { readonly ttlSeconds: number; readonly shared?: boolean };
  readonly budget?: { readonly monthlyUsd: string };
  /** The secret that holds its OpenAI key; endpoints with the same name share one. @default `openai` */
  readonly secret: string;
  readonly memoryMb: number;
}

export interface EndpointLimits {
  /** The longest that a call may take. Over HTTP it is also bound by API Gateway's 29 s. */
  readonly timeoutMs: number;
  readonly maxOutputTokens: number;
  /** Cuts one attempt short, so that a retry fits. Absent: an attempt may use all the time. */
  readonly attemptTimeoutMs?: number;
  /** @default 1,500,000 */
  readonly maxBodyBytes?: number;
}

/** The tables that a route may read. */
export type Readable = 'ledger' | 'callers';

/** Any other HTTP route. It has no way upstream. */
export interface RouteSpec {
  readonly kind: 'route';
  readonly summary: string;
  readonly method: 'GET';
  readonly path: string;
  readonly access: 'public' | readonly Role[];
  /** Query parameters, all strings. */
  readonly query: z.ZodType;
  /** The JSON reply; absent where it is a document of its own kind. */
  readonly output?: z.ZodType;
  /** Content types of the reply, the default first. */
  readonly produces: readonly string[];
  readonly reads: readonly Readable[];
  /** Needs the catalog, the inventory's data file. */
  readonly catalog: boolean;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** API Gateway's Lambda authorizer. */
export interface AuthorizerSpec {
  readonly kind: 'authorizer';
  readonly summary: string;
  readonly reads: readonly Readable[];
  readonly catalog: boolean;
  /** How long API Gateway may reuse a decision, for all routes of a caller. */
  readonly cacheSeconds: number;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}
