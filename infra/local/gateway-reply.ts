import type { ServerResponse } from 'node:http';
import type { GatewayEvent, HttpReply } from '#edge/http-call.ts';
import type { Clock } from '#platform/clock.ts';
import { GatewayRefusal } from './gateway-refusal.ts';
import type { HostedFunction } from './lambda-host.ts';
import type { ReplyHead } from './prelude.ts';
import { HostResponseStream } from './response-stream.ts';

/** API Gateway's timeouts: of an integration that buffers, and of one that streams (of a regional API). */
const BUFFERED_TIMEOUT_MS = 29_000;
const STREAM_TIMEOUT_MS = 15 * 60_000;
const STREAM_IDLE_MS = 5 * 60_000;

/** What becomes of a request that found its function. */
export interface Exchange {
  readonly hosted: HostedFunction;
  readonly event: GatewayEvent;
  readonly requestId: string;
  readonly response: ServerResponse;
  readonly clock: Clock;
  /** Added to the function's own. */
  readonly moreHeaders: Readonly<Record<string, string>>;
}

/** The caller left before there was a head: nobody gets this one. */
const CLIENT_CLOSED_REQUEST: ReplyHead = { statusCode: 499, headers: {} };

/** Sends a reply that is there whole. */
export function send(response: ServerResponse, { statusCode, headers, body, isBase64Encoded }: HttpReply): void {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  // A 204 has no body, and so no length.
  response.writeHead(statusCode, { ...headers, ...(statusCode !== 204 && { 'content-length': bytes.byteLength }) });
  response.end(bytes);
}

/** Invokes a function, and sends the value that it gives. @throws GatewayRefusal 502, 504 */
export async function replyWhole({ hosted, event, requestId, response, clock, moreHeaders }: Exchange) {
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const timedOut = () => reject(new GatewayRefusal(504, 'gateway_timeout', 'no answer within 29 s', requestId));
  const cancel = clock.startTimer(timedOut, BUFFERED_TIMEOUT_MS);
  const failed = () => reject(functionFailed(requestId));
  hosted
    .invoke(event, requestId)
    .then((value) => resolve(value as HttpReply), failed)
    .finally(cancel);
  const reply = await promise;
  const sent = { ...reply, headers: { ...reply.headers, ...moreHeaders } };
  send(response, sent);
  return sent;
}

/**
 * Invokes a function that streams. The head goes out when it is there, and the body as it comes, no faster than the caller reads.
 * When the caller leaves, the function's stream is closed; when the function fails behind the head, the caller's connection is.
 *
 * @returns when nothing of the call runs any more: the head that was sent
 * @throws GatewayRefusal 502, when there was none
 */
export async function replyStreamed(exchange: Exchange): Promise<ReplyHead> {
  const { hosted, event, requestId, response, clock, moreHeaders } = exchange;
  if (response.destroyed || !hosted.stream) return CLIENT_CLOSED_REQUEST;
  let head: ReplyHead | undefined;
  let lastByteMs = clock.nowMs();
  const responseStream = new HostResponseStream(
    (given) => {
      if (!given) throw new Error('a reply to HTTP begins with its head');
      const sent = { statusCode: given.statusCode, headers: { ...unmeasured(given.headers), ...moreHeaders } };
      response.writeHead(sent.statusCode, sent.headers);
      response.flushHeaders();
      head = sent;
      return response;
    },
    () => (lastByteMs = clock.nowMs()),
  );
  response.once('close', () => void (response.writableFinished || responseStream.destroy()));
  const endWait = limitWait(
    clock,
    () => lastByteMs,
    () => {
      // Behind a head this cuts the connection.
      responseStream.destroy();
      if (head) return;
      const { reply } = new GatewayRefusal(504, 'gateway_timeout', 'no answer in time', requestId);
      head = reply;
      send(response, reply);
    },
  );

  const failure = await hosted.stream(event, responseStream, requestId).then(
    () => undefined,
    () => functionFailed(requestId),
  );
  endWait();
  if (head) return head;
  if (response.destroyed) return CLIENT_CLOSED_REQUEST;
  throw failure ?? functionFailed(requestId);
}

/** Calls `end` once when the whole takes too long, or when too long nothing comes. @returns what ends that */
function limitWait(clock: Clock, lastByteMs: () => number, end: () => void): () => void {
  const endAll = () => {
    cancelAll();
    end();
  };
  const cancelWhole = clock.startTimer(endAll, STREAM_TIMEOUT_MS);
  const watch = (): (() => void) => {
    const quietMs = clock.nowMs() - lastByteMs();
    return clock.startTimer(() => {
      if (clock.nowMs() - lastByteMs() >= STREAM_IDLE_MS) return endAll();
      cancelIdle = watch();
    }, STREAM_IDLE_MS - quietMs);
  };
  let cancelIdle = watch();
  const cancelAll = () => {
    cancelWhole();
    cancelIdle();
  };
  return cancelAll;
}

/** What is streamed has no length, and node:http frames it. */
function unmeasured(headers: Readonly<Record<string, string>>): Record<string, string> {
  const framing = new Set(['content-length', 'transfer-encoding']);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !framing.has(name.toLowerCase())));
}

function functionFailed(requestId: string): GatewayRefusal {
  return new GatewayRefusal(502, 'internal', 'the function failed', requestId);
}
