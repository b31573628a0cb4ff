import { setTimeout } from 'node:timers/promises';
import { markDelivered, send, untilOver, type Exchange, type RecordedRequest, type Step } from './scripted-exchange.ts';
import type { Gate } from './scripted-gate.ts';
import { streamWords } from './scripted-stream.ts';
import { doWork, type Done, type Work, type WrittenWork } from './scripted-work.ts';

export interface AnswerOptions extends Done {
  /** Waits this long before the reply, on the real clock. Where a test can, it holds the reply by a `gate` instead. */
  readonly delayMs?: number;
  /** Holds the reply until the test opens the gate. */
  readonly gate?: Gate;
}

/**
 * A good answer on any route, streamed if the request asks for that. It is billed when the request comes in: a client
 * that leaves while the answer is delayed has been billed. Once it streams, the bill is for what was written so far.
 */
export function answer(options: AnswerOptions = {}): Step {
  return async (exchange) => {
    const work = doWork(exchange, options);
    await held(exchange, options);
    if (exchange.over.aborted) return;
    if (exchange.request.body.stream === true && isWritten(work)) return streamWords(exchange, work, options);
    send(exchange, 200, work.reply);
    if (work.line && work.reportsUsage) markDelivered(exchange, work.line);
  };
}

/** An answer that stops early: at its token limit, or at the content filter. */
export function incomplete(options: Done & { readonly reason: 'max_output_tokens' | 'content_filter' }): Step {
  const { reason, ...done } = options;
  return answer({ ...done, finish: reason === 'max_output_tokens' ? 'length' : reason });
}

/** The model refuses in place of an answer. */
export function refusal(text = 'I cannot help with that.', options: Done = {}): Step {
  return answer({ ...options, refusal: text });
}

/** Responses only: status 200 around a response that says that it failed, with its usage. */
export function failedResponse(options: Done = {}): Step {
  return answer({ ...options, finish: 'failed' });
}

/** Lets the request decide: for concurrent requests, whose order is nobody's, and for fallback models. */
export function choose(pick: (request: RecordedRequest) => Step): Step {
  return (exchange) => pick(exchange.request)(exchange);
}

/** Never answers; the connection is held until the client leaves, which `request.ending` and `clientLeftAtMs` tell. */
export function hang(options: { readonly billed?: boolean; readonly afterHeaders?: boolean } = {}): Step {
  return (exchange) => {
    if (options.billed) doWork(exchange, {});
    if (options.afterHeaders) exchange.response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    return untilOver(exchange);
  };
}

/** The connection is reset in place of an answer, before any work was done. */
export function reset(): Step {
  return (exchange) => exchange.cut('reset');
}

/** The same after the work was done and billed, which nobody but the bill will ever tell. */
export function resetAfterBilling(done: Done = {}): Step {
  return (exchange) => {
    doWork(exchange, done);
    exchange.cut('reset');
  };
}

/** A page of some proxy in between, with status 200. Not billed. */
export function htmlWith200(): Step {
  const page = '<!doctype html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>';
  return (exchange) => send(exchange, 200, page, { 'content-type': 'text/html; charset=utf-8' });
}

/** Status 200 and no body at all. Not billed. */
export function emptyBody(): Step {
  return (exchange) => send(exchange, 200, '');
}

/** Billed; half of the reply's JSON as if it were the whole. */
export function truncatedJson(done: Done = {}): Step {
  return (exchange) => send(exchange, 200, firstHalf(doWork(exchange, done)));
}

/** Billed; half of the reply that its content-length promises, and then the connection is destroyed. */
export function cutBody(done: Done = {}): Step {
  return (exchange) => {
    const work = doWork(exchange, done);
    const promisedBytes = Buffer.byteLength(JSON.stringify(work.reply));
    exchange.response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(promisedBytes) });
    exchange.response.write(firstHalf(work));
    exchange.cut('after flushing');
  };
}

function firstHalf({ reply }: Work): string {
  const whole = JSON.stringify(reply);
  return whole.slice(0, Math.floor(whole.length / 2));
}

function isWritten(work: Work): work is WrittenWork {
  return 'completion' in work;
}

/** Settles when the reply may go out, or when there is no longer anyone to send it to. */
async function held({ over, request }: Exchange, { delayMs, gate }: AnswerOptions): Promise<void> {
  if (gate) await Promise.race([gate.pass(), request.ending]);
  // The signal ends the wait when the client leaves, which is no error here.
  if (delayMs !== undefined) await setTimeout(delayMs, undefined, { signal: over }).catch(() => undefined);
}
