import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { LambdaHandler } from '#edge/entry-handler.ts';
import type { InvocationContext } from '#edge/invocation-context.ts';
import type { HttpReply } from '#edge/http-call.ts';
import type { StreamingHandler } from '#edge/lambda-stream.ts';
import { functionTimeoutSeconds } from '#infra/function-timeout.ts';
import { CollectedReply } from '#infra/local/collected-reply.ts';
import type { ReplyHead } from '#infra/local/prelude.ts';
import { HostResponseStream } from '#infra/local/response-stream.ts';
import { runStreaming } from '#infra/local/run-streaming.ts';
import type { Entry } from '#infra/inventory.ts';
import type { Platform } from '#platform/platform.ts';
import { entryEvent, type EntryRequest, type RequestOptions } from './entry-event.ts';
import { scheduledEvent, sqsEvent } from './lambda-events.ts';
import { StreamedReply } from './streamed-reply.ts';

export interface StreamOptions extends RequestOptions {
  /** The caller leaves when it aborts, also before there is a head. */
  readonly signal?: AbortSignal;
}

/** A reply that streams, seen from before API Gateway. */
export class StreamedCall extends StreamedReply {
  /** Resolves when nothing of the call runs any more: with what the handler threw, where it did. */
  readonly settled: Promise<Error | undefined>;

  constructor({ statusCode, headers }: ReplyHead, body: PassThrough, settled: Promise<Error | undefined>) {
    super(statusCode, headers, body);
    this.settled = settled;
  }
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
  readonly #handlers = new Map<string, LambdaHandler | StreamingHandler>();

  constructor(entries: readonly Entry[], platform: Platform) {
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.platform = platform;
  }

  /** Posts JSON to an entry's route, in an event of API Gateway's. */
  post(entryName: string, body: unknown, options: RequestOptions = {}): Promise<TestReply> {
    return this.#request(entryName, { method: 'POST', body }, options);
  }

  /** Puts JSON to an entry's route. */
  put(entryName: string, body: unknown, options: RequestOptions = {}): Promise<TestReply> {
    return this.#request(entryName, { method: 'PUT', body }, options);
  }

  /** Deletes at an entry's route. */
  delete(entryName: string, options: RequestOptions = {}): Promise<TestReply> {
    return this.#request(entryName, { method: 'DELETE' }, options);
  }

  /** Gets an entry's route. */
  get(
    entryName: string,
    query: Readonly<Record<string, string>> = {},
    options: RequestOptions = {},
  ): Promise<TestReply> {
    return this.#request(entryName, { method: 'GET', query }, options);
  }

  /** Runs a scheduled function once, and gives what it gives. @throws ScheduleFailed; `weir.lines` say why */
  async runSchedule(entryName: string, options: RunOptions = {}): Promise<unknown> {
    const { spec } = this.#entry(entryName);
    if (spec.kind !== 'schedule' && spec.kind !== 'rotation') throw new Error(`${entryName} is no scheduled function`);
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

  /**
   * Posts JSON to the route of an entry that streams, and gives the reply as soon as its head is there.
   *
   *     const reply = await weir.stream('summarize', { text, stream: true });
   *     for await (const { event, data } of reply.events) …
   *     await reply.settled;
   *
   * @throws what the handler throws before the head, or Error where it gives none; either when it has settled
   */
  async stream(entryName: string, body: unknown, options: StreamOptions = {}): Promise<StreamedCall> {
    const { signal, remainingMs } = options;
    const reply = new PassThrough();
    const { promise: head, resolve } = Promise.withResolvers<ReplyHead>();
    const responseStream = new HostResponseStream((given) => {
      if (!given) throw new Error('a reply to HTTP begins with its head');
      resolve(given);
      return reply;
    });
    const leave = () => void responseStream.destroy();
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
    const event = this.#httpEvent(entryName, { method: 'POST', body }, options);
    const settled = this.#run(entryName, event, responseStream, remainingMs).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    const withoutHead = settled.then((error) => {
      signal?.removeEventListener('abort', leave);
      throw error ?? new Error(`${entryName} ended without a head`);
    });
    return new StreamedCall(await Promise.race([head, withoutHead]), reply, settled);
  }

  /** Calls a handler with any event, and gives what it gives or throws; of one that streams, what it writes. */
  async invoke(entryName: string, event: unknown, remainingMs?: number): Promise<unknown> {
    if (this.#entry(entryName).handler.mode === 'streaming') {
      const reply = new CollectedReply();
      await this.#run(entryName, event, reply.responseStream, remainingMs);
      return reply.value;
    }
    return (this.#handler(entryName) as LambdaHandler)(event, this.#context(remainingMs));
  }

  async #run(entryName: string, event: unknown, to: HostResponseStream, remainingMs?: number): Promise<void> {
    if (this.#entry(entryName).handler.mode !== 'streaming') throw new Error(`${entryName} does not stream`);
    await runStreaming(this.#handler(entryName) as StreamingHandler, event, to, this.#context(remainingMs));
  }

  #context(remainingMs: number = DEFAULT_REMAINING_MS): InvocationContext {
    const { clock } = this.platform;
    const endsAtMs = clock.nowMs() + remainingMs;
    return { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => endsAtMs - clock.nowMs() };
  }

  async #request(entryName: string, request: EntryRequest, options: RequestOptions): Promise<TestReply> {
    const event = this.#httpEvent(entryName, request, options);
    const reply = (await this.invoke(entryName, event, options.remainingMs)) as HttpReply;
    return { status: reply.statusCode, headers: reply.headers, body: parsed(reply.body), raw: reply.body };
  }

  #httpEvent(entryName: string, request: EntryRequest, options: RequestOptions): object {
    return entryEvent(this.#entry(entryName), request, { requestTimeMs: this.platform.clock.nowMs(), ...options });
  }

  #handler(entryName: string): LambdaHandler | StreamingHandler {
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

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
