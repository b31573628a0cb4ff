import { setImmediate, setInterval } from 'node:timers/promises';
import { chatChunks } from './scripted-chat.ts';
import { tokensIn, usageOf, type Said } from './scripted-completion.ts';
import { markDelivered, untilOver, type Exchange, type Step } from './scripted-exchange.ts';
import { responseEvents } from './scripted-responses.ts';
import { write, type WrittenWork } from './scripted-work.ts';

/** How a stream ends, after its last chunk of text. */
export type StreamEnd =
  /** With its terminal event (and `[DONE]`, in chat). */
  | 'complete'
  /** The connection is destroyed. */
  | 'cut'
  /** In good order as far as HTTP knows, but without its terminal event. */
  | 'no-terminal'
  /** With an error event, and nothing after it. */
  | 'error-event'
  /** Never: the connection is held until the client leaves. */
  | 'stall';

export interface StreamOptions extends Omit<Said, 'text' | 'json' | 'refusal'> {
  /** The pieces of text, an event each. An async iterable lets the test decide when each is sent. */
  readonly chunks?: Iterable<string> | AsyncIterable<string>;
  /** The pieces are those of a refusal. @default false */
  readonly refusal?: boolean;
  /** @default 'complete' */
  readonly end?: StreamEnd;
  /** Cuts every event into writes of this many bytes, through characters too. @default one write an event */
  readonly chunkBytes?: number;
  /** While stalled, sends an SSE comment at this interval, which is no sign of life of the model. */
  readonly commentEveryMs?: number;
}

/**
 * Streams as server-sent events, whether or not a stream was asked for. Unless usage is scripted, the bill grows with
 * every chunk, before it is sent. Only for /responses and /chat/completions.
 */
export function stream(options: StreamOptions = {}): Step {
  const { chunks = ['Scripted ', 'answer.'], refusal = false, ...rest } = options;
  return (exchange) =>
    sendStream(exchange, write(exchange, { ...rest, [refusal ? 'refusal' : 'text']: '' }), { ...rest, chunks });
}

/** Sends the work as a stream of its words. */
export function streamWords(exchange: Exchange, work: WrittenWork, said: Said): Promise<void> {
  const chunks = work.completion.text.match(/\s*\S+|\s+$/gu) ?? [];
  work.completion.text = '';
  return sendStream(exchange, work, { usage: said.usage ?? {}, chunks });
}

type Sending = Pick<StreamOptions, 'usage' | 'end' | 'chunkBytes' | 'commentEveryMs'> &
  Required<Pick<StreamOptions, 'chunks'>>;

async function sendStream(exchange: Exchange, work: WrittenWork, options: Sending): Promise<void> {
  const { response, over } = exchange;
  const { end = 'complete', chunkBytes } = options;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  response.flushHeaders();
  for await (const event of eventsOf(exchange, work, options)) await writeInPieces(exchange, event, chunkBytes);
  if (over.aborted) return;

  if (end === 'cut') return exchange.cut('after flushing');
  if (end === 'stall') return stall(exchange, options.commentEveryMs);
  response.end();
  if (end === 'complete' && reportsUsage(exchange, work)) markDelivered(exchange, work.line);
}

/** The stream as text, event by event, until its end or until the client has left. */
async function* eventsOf(exchange: Exchange, work: WrittenWork, options: Sending): AsyncGenerator<string> {
  const { end = 'complete' } = options;
  const isChat = exchange.route === 'chat';
  const closing = end === 'complete' || end === 'error-event' ? end : 'none';
  const chunks = metered(exchange, work, options);
  if (isChat) {
    for await (const chunk of chatChunks(work.completion, chunks, closing)) yield `data: ${JSON.stringify(chunk)}\n\n`;
    if (end === 'complete') yield 'data: [DONE]\n\n';
  } else {
    for await (const event of responseEvents(work.completion, chunks, closing))
      yield `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  }
}

/** Hands the chunks on, and lets text and bill grow with them; stops when the client has left. */
async function* metered(
  exchange: Exchange,
  { completion, line }: WrittenWork,
  options: Sending,
): AsyncGenerator<string> {
  const { bill, over } = exchange;
  for await (const chunk of options.chunks) {
    if (over.aborted) return;
    completion.text += chunk;
    const outputTokens = tokensIn(completion.text) * completion.choices;
    completion.usage = usageOf(completion.usage.inputTokens, outputTokens, options.usage);
    bill.recharge(line, completion.usage);
    yield chunk;
  }
}

/** Chat reports the usage of a stream only where it was asked to. */
function reportsUsage({ route, request }: Exchange, work: WrittenWork): boolean {
  return work.reportsUsage && (route === 'responses' || request.body.stream_options?.include_usage === true);
}

async function writeInPieces(exchange: Exchange, event: string, pieceBytes: number | undefined): Promise<void> {
  const bytes = Buffer.from(event);
  const step = pieceBytes ?? bytes.length;
  for (let start = 0; start < bytes.length && !exchange.over.aborted; start += step) {
    const flushed = Promise.withResolvers<void>();
    exchange.response.write(bytes.subarray(start, start + step), () => flushed.resolve());
    await Promise.race([flushed.promise, exchange.request.ending]);
    // A turn of the event loop between two pieces, so that the client gets to read the first by itself.
    if (pieceBytes !== undefined) await setImmediate();
  }
}

async function stall(exchange: Exchange, commentEveryMs: number | undefined): Promise<void> {
  if (commentEveryMs === undefined) return untilOver(exchange);
  try {
    for await (const _ of setInterval(commentEveryMs, undefined, { signal: exchange.over }))
      exchange.response.write(': keep-alive\n\n');
  } catch (error) {
    if (!exchange.over.aborted) throw error;
  }
}
