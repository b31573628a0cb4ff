import type * as z from 'zod';
import type { Role } from '#platform/principal.ts';
import type { RedactPolicy } from '#platform/redact-policy.ts';
import type { ModelTier } from './models.ts';

/**
 * What an entry file says of itself. Everything outside the function is made from it: route, Lambda, role, queue, schema,
 * OpenAPI, local route, tests.
 */
export type EntrySpec = EndpointSpec | RouteSpec | AuthorizerSpec | ScheduleSpec | RotationSpec;

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
  /** Inputs whose outputs can be judged, by which models are compared. */
  readonly evaluations?: readonly Evaluation[];
  /** How the output comes about: JSON of the model's that fits it, text of the model's, code, or OpenAI's reply as it is. */
  readonly answers: 'json' | 'text' | 'run' | 'openai';
  /** Absent where the caller names it. */
  readonly model?: ModelTier;
  readonly limits: EndpointLimits;
  /** Its route streams: answers can be, where its calls ask for that, and plain replies may have any size. Absent: all are buffered. */
  readonly stream?: StreamLimits;
  readonly deterministic?: { readonly ttlSeconds: number; readonly shared?: boolean };
  /** Some of its answers are kept, though its output is not declared deterministic: where a request, or a question, asks for that. */
  readonly cachesOnRequest: boolean;
  /** Has a queue of its own beside its route. */
  readonly hasQueue: boolean;
  /** How errors are told: as problems (RFC 9457), or as OpenAI tells them. */
  readonly errors: ErrorForm;
  readonly budget?: EndpointBudget;
  /** What the model may see of secrets and personal data, by the endpoint's own policy. */
  readonly redact: RedactPolicy;
  /** What the model itself writes is masked too. */
  readonly redactsOutput: boolean;
  /** The secret that holds its OpenAI key; endpoints with the same name share one. @default `openai` */
  readonly secret: string;
  readonly memoryMb: number;
}

/** One input, and what its output has to be like. */
export interface Evaluation<Input = unknown, Output = unknown> {
  /** What it is about, in a few words. @default its place in the list */
  readonly name?: string;
  readonly input: Input;
  /** Judges the output: true, or what is wrong with it (false, where that says itself). */
  check(output: Output): boolean | string;
}

/** How a route tells its errors. */
export type ErrorForm = 'problem' | 'openai';

/** What bounds a streamed reply in time. */
export interface StreamLimits {
  /** The longest that it may take, to its last event. At most 14.5 minutes. */
  readonly timeoutMs: number;
  /** The longest that the model may say nothing; comments that keep the line open do not count. @default 60,000 */
  readonly idleTimeoutMs?: number;
}

export interface EndpointLimits {
  /** The longest that a plain call may take. A buffered route is also bound by API Gateway's 29 s. */
  readonly timeoutMs: number;
  /** Where the caller names no limit of its own. */
  readonly maxOutputTokens: number;
  /** The most that a caller may ask for, where it may. @default maxOutputTokens */
  readonly mostOutputTokens?: number;
  /** The output may be cut down to what a budget's remainder buys, but not below this. Absent: what does not fit whole is refused. */
  readonly leastOutputTokens?: number;
  /** Cuts one attempt short, so that a retry fits. Absent: an attempt may use all the time. */
  readonly attemptTimeoutMs?: number;
  /** @default 1,500,000 */
  readonly maxBodyBytes?: number;
}

/** What an endpoint may spend by its own definition. Settings made by an administrator override it. */
export interface EndpointBudget {
  /** At most so much in a calendar month (UTC), as decimal USD. Absent: no limit. */
  readonly monthlyUsd?: string;
  /** At most so much in a day (UTC), as decimal USD. Absent: no limit. */
  readonly dailyUsd?: string;
  /** Counters that share a budget's load: one carries about 60 calls a second of two seconds each. @default 1 */
  readonly shards?: number;
}

/** The tables that a route or a schedule may read. */
export type Readable = 'ledger' | 'callers' | 'budgets' | 'audit';

/** The tables that a route or a schedule may write, which includes reading what must be read for it; of the audit trail, nothing. */
export type Writable = 'ledger' | 'callers' | 'budgets' | 'audit';

/** Any other HTTP route. It has no way upstream. */
export interface RouteSpec {
  readonly kind: 'route';
  readonly summary: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** May have parameters: `/v1/budgets/{scope}`, each a whole segment. */
  readonly path: string;
  readonly access: 'public' | readonly Role[];
  /** Query and path parameters, all strings. */
  readonly query: z.ZodType;
  /** The JSON body; absent where the route takes none. */
  readonly body?: z.ZodType;
  /** The JSON reply; absent where it is a document of its own kind. */
  readonly output?: z.ZodType;
  /** Content types of the reply, the default first. */
  readonly produces: readonly string[];
  /** Of a reply that is no error: 201 where something was made, whose place the header `location` then tells. @default 200 */
  readonly status: 200 | 201;
  /** @default problem */
  readonly errors?: ErrorForm;
  readonly reads: readonly Readable[];
  readonly writes: readonly Writable[];
  /** Needs the catalog, the inventory's data file. */
  readonly catalog: boolean;
  /** What it does with the API keys by which API Gateway knows callers at their rates. @default nothing */
  readonly usageKeys?: 'makes' | 'deletes';
  /** Needs the data file with the docs page and all that it loads. @default false */
  readonly docsSite?: boolean;
  /** Parameters, and the `body` where it takes one, that work: documentation. Absent where it needs none, or none can be named. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** At most so many requests a second, of everybody together, and ten times as many at once. @default what the whole API takes */
  readonly requestsPerSecond?: number;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** Work that the clock starts: a scheduled function on AWS, a timer on this machine. */
export interface ScheduleSpec {
  readonly kind: 'schedule';
  readonly summary: string;
  readonly everyMinutes: number;
  readonly reads: readonly Readable[];
  readonly writes: readonly Writable[];
  /** Sends notices to the deployment's topic. */
  readonly notifies: boolean;
  readonly catalog: boolean;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** Work that Secrets Manager starts step by step, and the clock afterwards. It alone reads the admin key of OpenAI. */
export interface RotationSpec {
  readonly kind: 'rotation';
  readonly summary: string;
  /** How often it looks after the keys that rotations have left. */
  readonly everyMinutes: number;
  readonly reads: readonly Readable[];
  readonly writes: readonly Writable[];
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
