import { randomUUID } from 'node:crypto';
import type { InvocationContext, LambdaHandler } from '#edge/entry-handler.ts';
import type { HttpReply } from '#edge/http-call.ts';
import { functionTimeoutSeconds } from '#infra/function-timeout.ts';
import { parameterIn } from '#infra/path-parameters.ts';
import { pathOf, routedEntries } from '#infra/routes.ts';
import type { Entry } from '#infra/inventory.ts';
import type { Platform } from '#platform/platform.ts';
import type { Role } from '#platform/principal.ts';
import { restEvent, scheduledEvent, sqsEvent } from './lambda-events.ts';

/** How a request differs from a plain one. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Who the authorizer says is calling; `null`: nobody was asked, as on a public route. @default 'ada' */
  readonly caller?: string | null;
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

export interface RunOptions {
  /** @default all the time that the function has */
  readonly remainingMs?: number;
}

export interface TestReply {
  readonly status: number;
  /** Names in lower case, as the handler gives them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** `raw` parsed, where it is JSON; else `{}`. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly raw: string;
}

/** A message for `sqs`: what stands in its body (an object as JSON, a text as it is). */
export type TestMessage = object | string;

export interface QueueOptions {
  /** How often each message has been received, this time included. @default 1 */
  readonly receives?: number;
  /** @default 30,000 */
  readonly remainingMs?: number;
}

export interface QueueOutcome {
  /** Positions of the messages that were returned, to come again. */
  readonly failed: readonly number[];
  readonly raw: { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] };
}

const DEFAULT_REMAINING_MS = 30_000;

/** One Lambda environment of every function: handlers of its own over the tables that all share. */
export class WeirEnvironment {
  readonly platform: Platform;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #handlers = new Map<string, LambdaHandler>();

  constructor(entries: readonly Entry[], platform: Platform) {
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.platform = platform;
  }

  /** Posts JSON to an entry's route, in an event of API Gateway's. */
  post(entryName: string, body: unknown, options: RequestOptions = {}): Promise<TestReply> {
    return this.#request('POST', entryName, null, bodyText(body, options), options);
  }

  /** Puts JSON to an entry's route. */
  put(entryName: string, body: unknown, options: RequestOptions = {}): Promise<TestReply> {
    return this.#request('PUT', entryName, null, bodyText(body, options), options);
  }

  /** Gets an entry's route. */
  get(
    entryName: string,
    query: Readonly<Record<string, string>> = {},
    options: RequestOptions = {},
  ): Promise<TestReply> {
    const parameters = Object.keys(query).length === 0 ? null : query;
    return this.#request('GET', entryName, parameters, null, options);
  }

  /** Runs a scheduled function once, and gives what it gives. @throws ScheduleFailed; `weir.lines` say why */
  async runSchedule(entryName: string, options: RunOptions = {}): Promise<unknown> {
    const { spec } = this.#entry(entryName);
    if (spec.kind !== 'schedule') throw new Error(`${entryName} is no scheduled function`);
    const { remainingMs = functionTimeoutSeconds(spec) * 1000 } = options;
    return this.invoke(entryName, scheduledEvent(this.platform.clock.nowMs()), remainingMs);
  }

  /** Hands messages of an endpoint's own queue to it, in one event. */
  async sqs(entryName: string, messages: readonly TestMessage[], options: QueueOptions = {}): Promise<QueueOutcome> {
    const { receives = 1, remainingMs } = options;
    const records = messages.map((message) => ({
      messageId: randomUUID(),
      body: typeof message === 'string' ? message : JSON.stringify(message),
      receives,
    }));
    const raw = (await this.invoke(entryName, sqsEvent(records), remainingMs)) as QueueOutcome['raw'];
    const returned = new Set(raw.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return { raw, failed: records.flatMap(({ messageId }, at) => (returned.has(messageId) ? [at] : [])) };
  }

  /** Calls a handler with any event, and gives what it gives or throws. */
  invoke(entryName: string, event: unknown, remainingMs: number = DEFAULT_REMAINING_MS): Promise<unknown> {
    const { clock } = this.platform;
    const endsAtMs = clock.nowMs() + remainingMs;
    const context: InvocationContext = {
      awsRequestId: randomUUID(),
      getRemainingTimeInMillis: () => endsAtMs - clock.nowMs(),
    };
    return this.#handler(entryName)(event, context);
  }

  async #request(
    method: string,
    entryName: string,
    query: Readonly<Record<string, string>> | null,
    body: string | null,
    options: RequestOptions,
  ): Promise<TestReply> {
    const { headers = {}, caller = 'ada', roles = ['caller'], isBase64 = false, params = {} } = options;
    const { requestTimeMs = this.platform.clock.nowMs(), remainingMs } = options;
    const [entry] = routedEntries([this.#entry(entryName)]);
    if (!entry) throw new Error(`${entryName} has no route`);
    const authorizer = caller === null ? null : { callerId: caller, roles: roles.join(',') };
    const resource = pathOf(entry);
    const { path, pathParameters } = fillIn(resource, params);
    const route = { method, path, resource, pathParameters };
    const event = restEvent({
      ...route,
      headers,
      query,
      body,
      isBase64,
      authorizer,
      requestId: randomUUID(),
      requestTimeMs,
    });
    const reply = (await this.invoke(entryName, event, remainingMs)) as HttpReply;
    return { status: reply.statusCode, headers: reply.headers, body: parsed(reply.body), raw: reply.body };
  }

  #handler(entryName: string): LambdaHandler {
    let handler = this.#handlers.get(entryName);
    if (!handler) {
      handler = this.#entry(entryName).handler.bindTo({ name: entryName, platform: this.platform });
      this.#handlers.set(entryName, handler);
    }
    return handler;
  }

  #entry(entryName: string): Entry {
    const entry = this.#entries.get(entryName);
    if (entry) return entry;
    throw new Error(`there is no entry ${entryName}, only ${[...this.#entries.keys()].join(', ')}`);
  }
}

function bodyText(body: unknown, { rawBody }: RequestOptions): string | null {
  return rawBody === undefined ? JSON.stringify(body) : rawBody;
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

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
