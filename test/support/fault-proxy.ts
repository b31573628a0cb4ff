import {
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { jitter } from './jitter.ts';
import type { Gate } from './scripted-gate.ts';

/** A reply of the target, or one in its place. */
export interface ProxiedAnswer {
  readonly status: number;
  /** Names and values in turn, as they stood on the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** One request, as far as rules and tests look at it. */
export interface ProxiedRequest {
  /** The operation of `X-Amz-Target` (`GetItem`); method and path where there is no such header. */
  readonly operation: string;
  readonly body: string;
}

/** All that a fault has in hand to deal with one request. */
export interface ProxiedExchange {
  readonly request: ProxiedRequest;
  /** Has the target do what was asked. */
  forward(): Promise<ProxiedAnswer>;
  reply(answer: ProxiedAnswer): void;
  /** Destroys the client's connection. */
  cut(): void;
}

/** What happens to a request. A test may write its own. */
export type Fault = (exchange: ProxiedExchange) => void | Promise<void>;

export interface FaultRule {
  /** @default any */
  readonly operation?: string;
  /** @default any */
  readonly bodyIncludes?: string;
  /** Which of the requests that fit, counted from 1 since the rule was added. @default every one */
  readonly nth?: number | readonly number[];
  readonly fault: Fault;
}

/** Nothing happens: the request goes through. */
export const pass: Fault = async (exchange) => exchange.reply(await exchange.forward());

/** The request is lost: the target never sees it. */
export const dropRequest: Fault = (exchange) => exchange.cut();

/** The answer is lost: the target did what was asked, and the client cannot know. */
export const dropAnswer: Fault = async (exchange) => {
  await exchange.forward();
  exchange.cut();
};

/** The request waits at the gate; then `then` happens to it. @default it goes through */
export const holdRequest =
  (gate: Gate, then: Fault = pass): Fault =>
  async (exchange) => {
    await gate.pass();
    await then(exchange);
  };

/** The target does what was asked, and its answer waits at the gate. */
export const holdAnswer =
  (gate: Gate): Fault =>
  async (exchange) => {
    const answer = await exchange.forward();
    await gate.pass();
    exchange.reply(answer);
  };

/** AWS answers with an error in place of doing anything. @default status 400 */
export const awsError =
  (type: string, { status = 400, message = 'Injected by the test.' } = {}): Fault =>
  (exchange) => {
    const body = Buffer.from(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message }));
    const rawHeaders = ['content-type', 'application/x-amz-json-1.0', 'x-amzn-requestid', 'fault-proxy'];
    exchange.reply({ status, rawHeaders, body });
  };

/** Starts a proxy on a loopback port in front of `target` (`http://host:port`). */
export async function startFaultProxy(options: { readonly target: string }): Promise<FaultProxy> {
  const proxy = new FaultProxy(options.target);
  await proxy.listen();
  return proxy;
}

/**
 * Stands between an AWS client and an endpoint (DynamoDB, mostly), and does to its requests what the rules say.
 *
 * @example
 * await using proxy = await startFaultProxy({ target: 'http://127.0.0.1:8000' });
 * proxy.rules.push({ operation: 'UpdateItem', nth: 2, fault: dropAnswer });
 */
export class FaultProxy {
  /** The first rule that fits a request decides what happens to it. May be changed at any time. */
  readonly rules: FaultRule[] = [];
  /** In the order in which they came in, whatever then happened to them. */
  readonly requests: ProxiedRequest[] = [];

  readonly #target: URL;
  readonly #fitted = new Map<FaultRule, number>();
  readonly #mistakes: unknown[] = [];
  #server: Server | undefined;
  #port = 0;

  constructor(target: string) {
    this.#target = new URL(target);
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How often each operation was asked for since the start or the last `reset`. */
  get counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { operation } of this.requests) counts[operation] = (counts[operation] ?? 0) + 1;
    return counts;
  }

  /** Forgets rules and requests. */
  reset(): void {
    this.rules.length = 0;
    this.requests.length = 0;
    this.#fitted.clear();
  }

  /** Starts to listen, again on the same port after `gone`. */
  async listen(): Promise<void> {
    // An idle connection outlives any test, so that the server's own time-out cannot reset a request.
    const server = createServer(
      { keepAliveTimeout: 600_000 },
      (request, response) => void this.#serve(request, response),
    );
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** From here on connections are refused, and those that stand are destroyed; `listen` ends it. */
  async gone(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Closes every socket. @throws AggregateError if a fault threw, or the target could not be reached */
  async stop(): Promise<void> {
    await this.gone();
    if (this.#mistakes.length > 0) throw new AggregateError(this.#mistakes, 'Requests were not dealt with as ruled');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    await jitter();
    const body = await buffer(incoming).catch(() => undefined);
    if (body === undefined) return;
    const request = { operation: operationOf(incoming), body: body.toString() };
    this.requests.push(request);
    const exchange: ProxiedExchange = {
      request,
      forward: () => this.#forward(incoming, body),
      reply: (answer) => reply(response, answer),
      cut: () => incoming.socket.destroy(),
    };
    try {
      await this.#faultFor(request)(exchange);
    } catch (error) {
      this.#mistakes.push(error);
      exchange.cut();
    }
  }

  /** Every rule counts the requests that fit it, also those that a rule before it has taken. */
  #faultFor(request: ProxiedRequest): Fault {
    const fitting = this.rules.filter((rule) => fits(rule, request));
    for (const rule of fitting) this.#fitted.set(rule, (this.#fitted.get(rule) ?? 0) + 1);
    const acting = fitting.find(
      (rule) => rule.nth === undefined || [rule.nth].flat().includes(this.#fitted.get(rule) ?? 0),
    );
    return acting?.fault ?? pass;
  }

  async #forward(incoming: IncomingMessage, body: Buffer): Promise<ProxiedAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { method, url: path, rawHeaders } = incoming;
    const { hostname, port } = this.#target;
    const headers = endToEnd(rawHeaders, body);
    // A connection of its own for each: one kept from before may be closed by the target just as it is used.
    sendRequest({ hostname, port, method, path, headers, agent: false }, resolve).once('error', reject).end(body);
    const answer = await promise;
    return { status: answer.statusCode ?? 0, rawHeaders: answer.rawHeaders, body: await buffer(answer) };
  }
}

function fits(rule: FaultRule, request: ProxiedRequest): boolean {
  if (rule.operation !== undefined && rule.operation !== request.operation) return false;
  return rule.bodyIncludes === undefined || request.body.includes(rule.bodyIncludes);
}

function operationOf({ headers, method, url }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  return typeof target === 'string' ? target.slice(target.lastIndexOf('.') + 1) : `${method} ${url}`;
}

function reply(response: ServerResponse, { status, rawHeaders, body }: ProxiedAnswer): void {
  response.writeHead(status, endToEnd(rawHeaders, body)).end(body);
}

const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'proxy-connection', 'te']);

/** The headers that concern client and target, and not the connection between two of the three. */
function endToEnd(rawHeaders: readonly string[], body: Buffer): string[] {
  const pairs = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : []));
  const kept = pairs.filter(([name = '']) => !hopByHop.has(name.toLowerCase()));
  return [...kept, ['content-length', String(body.length)]].flat();
}
