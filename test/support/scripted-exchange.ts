import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Bill, BillLine } from './scripted-bill.ts';

/** What was asked for; `unknown` is answered with a 404 before any step is taken. */
export type Route = 'responses' | 'chat' | 'embeddings' | 'moderations' | 'models' | 'unknown';

/** How an exchange ended: answered in full, cut by the upstream on purpose, or left by the client before its end. */
export type Ending = 'served' | 'cut' | 'client left';

/** The fields of a request that the upstream looks at; whatever else was sent is there too. */
export interface RequestBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean; readonly include_obfuscation?: boolean };
  readonly service_tier?: string;
  readonly instructions?: string;
  readonly input?: unknown;
  readonly messages?: unknown;
  readonly text?: { readonly format?: { readonly type: string; readonly schema?: object } };
  readonly response_format?: { readonly type: string; readonly json_schema?: { readonly schema?: object } };
  readonly n?: number;
  readonly dimensions?: number;
  readonly encoding_format?: string;
  readonly [field: string]: unknown;
}

/** One request, as it came in over the socket. */
export interface RecordedRequest {
  /** The `x-request-id` of the reply. */
  readonly requestId: string;
  readonly method: string;
  /** With the `/v1` and without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: string;
  /** Empty if there was no body, or none that is a JSON object. */
  readonly body: RequestBody;
  /** The bearer token; undefined if there was none. */
  readonly key: string | undefined;
  readonly atMs: number;
  /** When the client went away without the whole reply; undefined if it stayed. */
  readonly clientLeftAtMs: number | undefined;
  /** Settles when the exchange is over. */
  readonly ending: Promise<Ending>;
}

/** All that a step has in hand to deal with one request. */
export interface Exchange {
  readonly route: Route;
  readonly request: RecordedRequest;
  readonly response: ServerResponse;
  readonly bill: Bill;
  /** Aborts when the exchange is over, however it ended. */
  readonly over: AbortSignal;
  /** Destroys the connection, and has the ending recorded as the upstream's doing. */
  cut(how: 'after flushing' | 'reset'): void;
}

/** What the upstream does with one request. A test may write its own. */
export type Step = (exchange: Exchange) => void | Promise<void>;

/** Sends a JSON document, or a text as it is. */
export function send(
  exchange: Exchange,
  status: number,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const head = { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  exchange.response.writeHead(status, head).end(bytes);
}

/**
 * Notes on the bill that the reply, which has just been ended, is with the client. It holds at once, so that a client
 * in the same process never sees a bill older than its reply, and is taken back if the client turns out to have left.
 */
export function markDelivered(exchange: Exchange, line: BillLine): void {
  exchange.bill.deliver(line, true);
  void exchange.request.ending.then((ending) => exchange.bill.deliver(line, ending === 'served'));
}

/** Settles when the client has left, or the upstream was stopped. */
export async function untilOver(exchange: Exchange): Promise<void> {
  await exchange.request.ending;
}
