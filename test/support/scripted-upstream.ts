import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jitter } from './jitter.ts';
import { Bill, type PriceTable } from './scripted-bill.ts';
import type { Exchange, RecordedRequest, Step } from './scripted-exchange.ts';
import { badRequest, failure, invalidApiKey } from './scripted-failures.ts';
import { openExchange } from './scripted-intake.ts';
import { answer } from './scripted-steps.ts';

export interface ScriptedUpstreamOptions {
  /** Work of a model without a price is recorded, but the bill's total cannot be asked for. */
  readonly prices?: PriceTable;
  /** Once there are any, every other key is answered with a 401. @default every key is valid */
  readonly validKeys?: Iterable<string>;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
  /** The `x-request-id` of the request of that number, from 1. @default a different one each */
  readonly requestIdOf?: (count: number) => string;
}

/**
 * Starts a server that speaks OpenAI's protocol on a real loopback socket, misbehaves exactly as it is told, and keeps
 * its own bill.
 *
 * @example
 * await using upstream = await startScriptedUpstream({ prices: { 'gpt-6-luna': { input: 1n, cachedInput: 1n, output: 4n } } });
 * upstream.script(rateLimited({ retryAfterMs: 20 }), answer({ text: 'Hello.' }));
 * const client = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'any', maxRetries: 0 });
 */
export async function startScriptedUpstream(options: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
  const upstream = new ScriptedUpstream(options);
  await upstream.listen();
  return upstream;
}

/** A running upstream. Every request is recorded, also those that are refused. */
export class ScriptedUpstream {
  readonly bill: Bill;
  /** May be changed at any time, to rotate or revoke keys. */
  readonly validKeys: Set<string>;

  readonly #requests: RecordedRequest[] = [];
  readonly #awaited: { readonly count: number; readonly resolve: (request: RecordedRequest) => void }[] = [];
  readonly #script: Step[] = [];
  readonly #mistakes: unknown[] = [];
  readonly #now: () => number;
  readonly #requestIdOf: (count: number) => string;
  // An idle connection outlives any test, so that the server's own time-out cannot reset a request.
  readonly #server = createServer(
    { keepAliveTimeout: 600_000 },
    (request, response) => void this.#serve(request, response),
  );
  #baseUrl = '';
  #otherwise: Step = answer();
  #checksKeys: boolean;
  #isStopping = false;

  constructor({ prices = {}, validKeys, now = Date.now, requestIdOf = requestId }: ScriptedUpstreamOptions) {
    this.bill = new Bill(prices);
    this.validKeys = new Set(validKeys);
    this.#checksKeys = validKeys !== undefined;
    this.#now = now;
    this.#requestIdOf = requestIdOf;
  }

  /** With the `/v1`, as the SDK wants it. */
  get baseUrl(): string {
    return this.#baseUrl;
  }

  /** In the order in which they had come in whole. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** How many scripted steps no request has taken yet. */
  get remaining(): number {
    return this.#script.length;
  }

  /** Appends to the queue of steps. Each request takes one, unless its route, body or key is refused first. */
  script(...steps: readonly Step[]): void {
    this.#script.push(...steps);
  }

  /** Drops the steps that no request has taken: between tests, so that one which failed leaves nothing to the next. */
  unscript(): void {
    this.#script.length = 0;
  }

  /** What is done when the queue is empty. @default a good answer */
  otherwise(step: Step): void {
    this.#otherwise = step;
  }

  /** Settles when this many requests have come in, with the last of them. @default 1 */
  received(count = 1): Promise<RecordedRequest> {
    const already = this.#requests[count - 1];
    if (already) return Promise.resolve(already);
    const { promise, resolve } = Promise.withResolvers<RecordedRequest>();
    this.#awaited.push({ count, resolve });
    return promise;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    this.#baseUrl = `http://127.0.0.1:${port}/v1`;
  }

  /** Closes every socket. @throws AggregateError if a step threw: its request was then not dealt with as scripted */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    if (this.#mistakes.length > 0) throw new AggregateError(this.#mistakes, 'Steps of the scripted upstream threw');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    await jitter();
    // A client that leaves before it has sent its whole body has asked for nothing.
    const rawBody = await text(incoming).catch(() => undefined);
    if (rawBody === undefined) return;
    const id = this.#requestIdOf(this.#requests.length + 1);
    const [bill, now, isStopping] = [this.bill, this.#now, () => this.#isStopping];
    const exchange = openExchange({ incoming, response, rawBody, requestId: id, bill, now, isStopping });
    this.#record(exchange.request);
    try {
      await this.#stepFor(exchange)(exchange);
    } catch (error) {
      this.#mistakes.push(error);
      exchange.cut('reset');
    }
  }

  #record(request: RecordedRequest): void {
    const count = this.#requests.push(request);
    for (const waiter of this.#awaited) if (waiter.count === count) waiter.resolve(request);
  }

  #stepFor({ route, request }: Exchange): Step {
    this.#checksKeys ||= this.validKeys.size > 0;
    if (route === 'unknown') return unknownRoute;
    if (this.#checksKeys && !this.validKeys.has(request.key ?? '')) return invalidApiKey();
    if (request.method === 'POST' && Object.keys(request.body).length === 0) return malformedJson;
    return this.#script.shift() ?? this.#otherwise;
  }
}

const unknownRoute = failure({ status: 404, type: 'invalid_request_error', message: 'Invalid URL.' });
const malformedJson = badRequest({ message: 'We could not parse the JSON body of your request.' });

function requestId(count: number): string {
  return `req_scripted_${String(count).padStart(6, '0')}`;
}
