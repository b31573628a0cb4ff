import { chatAfterthought, chatChunks } from './scripted-chat-chunks.ts';
import { tokensWritten, usageOf, type Completion, type Said } from './scripted-completion.ts';
import { markDelivered, untilOver, type Exchange, type Step } from './scripted-exchange.ts';
import type { Gate } from './scripted-gate.ts';
import { withFuture } from './scripted-noise.ts';
import type { Play } from './scripted-play.ts';
import { responseAfterthought, responseEvents } from './scripted-response-events.ts';
import { piecesOf, type Piece } from './scripted-tool-calls.ts';
import { holdOpen, writeEvent } from './scripted-wire.ts';
import { write, type WrittenWork } from './scripted-work.ts';

/** How a stream ends, after its last piece. */
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
  | 'stall'
  /** With its terminal event, after which the connection is held all the same until the client leaves. */
  | 'held'
  /** With more content after the terminal event. */
  | 'afterthought';

export interface StreamOptions extends Omit<Said, 'text' | 'json' | 'refusal'> {
  /** The pieces of text, an event each. An async iterable lets the test decide when each is sent. @default two; none with `toolCalls` */
  readonly chunks?: Iterable<string> | AsyncIterable<string>;
  /** The pieces are those of a refusal. @default false */
  readonly refusal?: boolean;
  /** @default 'complete' */
  readonly end?: StreamEnd;
  /** Cuts every event into writes of this many bytes, through characters too. @default one write an event */
  readonly chunkBytes?: number;
  /** While stalled, sends an SSE comment at this interval, which is no sign of life of the model. */
  readonly commentEveryMs?: number;
  /** The model thinks until the test opens the gate: Responses say `response.in_progress`, chat nothing. */
  readonly thinking?: Gate;
  /** Responses only, for a chat's end bears no text: the closing events say that this was written, not what the deltas said. */
  readonly terminalText?: string;
}

/**
 * Streams as server-sent events, whether or not a stream was asked for. Unless usage is scripted, the bill grows with
 * every piece, before it is sent. Only for /responses and /chat/completions.
 */
export function stream(options: StreamOptions = {}): Step {
  const { refusal = false, chunks, ...rest } = options;
  const isOfCalls = chunks === undefined && rest.toolCalls !== undefined;
  return (exchange) => {
    const work = write(exchange, isOfCalls ? rest : { ...rest, [refusal ? 'refusal' : 'text']: '' });
    return sendStream(exchange, work, { ...rest, chunks: chunks ?? (isOfCalls ? [] : ['Scripted ', 'answer.']) });
  };
}

/** Sends the work as a stream of its words. */
export function streamWords(exchange: Exchange, work: WrittenWork, said: Said): Promise<void> {
  const chunks = work.completion.text.match(/\s*\S+|\s+$/gu) ?? [];
  return sendStream(exchange, work, { usage: said.usage ?? {}, chunks });
}

type Sending = Pick<StreamOptions, 'usage' | 'end' | 'chunkBytes' | 'commentEveryMs' | 'thinking' | 'terminalText'> &
  Required<Pick<StreamOptions, 'chunks'>>;

async function sendStream(exchange: Exchange, work: WrittenWork, options: Sending): Promise<void> {
  const { response, over, bill } = exchange;
  const { end = 'complete', chunkBytes } = options;
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  response.flushHeaders();
  for await (const event of eventsOf(exchange, work, options)) await writeEvent(exchange, event, chunkBytes);
  if (over.aborted) return;

  if (end === 'cut') return exchange.cut('after flushing');
  if (end === 'stall') return holdOpen(exchange, options.commentEveryMs);
  const isTold = (end === 'complete' || end === 'held' || end === 'afterthought') && reportsUsage(exchange, work);
  if (end === 'held') {
    // The client has read the usage, even if it is the one who has to leave.
    bill.deliver(work.line, isTold);
    return untilOver(exchange);
  }
  response.end();
  if (isTold) markDelivered(exchange, work.line);
}

/** The stream as text, event by event, until its end or until the client has left. */
async function* eventsOf(exchange: Exchange, work: WrittenWork, options: Sending): AsyncGenerator<string> {
  const { end = 'complete', thinking, terminalText } = options;
  const { completion } = work;
  const json = (event: object) => JSON.stringify(completion.noise ? withFuture(event) : event);
  const closing = end === 'error-event' ? end : isOpen(end) ? 'none' : 'complete';
  const thought = thinking && Promise.race([thinking.pass(), untilOver(exchange)]);
  const play: Play = { pieces: metered(exchange, work, options), closing, thought, terminalText };
  if (exchange.route === 'chat') {
    for await (const chunk of chatChunks(completion, play)) yield `data: ${json(chunk)}\n\n`;
    if (closing === 'complete') yield 'data: [DONE]\n\n';
    if (end === 'afterthought') yield `data: ${json(chatAfterthought(completion))}\n\n`;
  } else {
    const toText = (event: { readonly type: string }) => `event: ${event.type}\ndata: ${json(event)}\n\n`;
    for await (const event of responseEvents(completion, play)) yield toText(event);
    if (end === 'afterthought') yield toText(responseAfterthought(completion));
  }
}

function isOpen(end: StreamEnd): boolean {
  return end === 'cut' || end === 'no-terminal' || end === 'stall';
}

/** Hands the pieces on, and lets output and bill grow with them; stops when the client has left. */
async function* metered(exchange: Exchange, work: WrittenWork, { chunks, usage }: Sending): AsyncGenerator<Piece> {
  const { bill, over } = exchange;
  const { completion, line } = work;
  const whole = completion.toolCalls.map((call) => ({ ...call }));
  empty(completion);
  for await (const piece of piecesOf(chunks, whole)) {
    if (over.aborted) return;
    if (piece.kind === 'text') completion.text += piece.text;
    else completion.toolCalls[piece.at]!.arguments += piece.text;
    completion.usage = usageOf(completion.usage.inputTokens, tokensWritten(completion), usage);
    bill.recharge(line, completion.usage);
    yield piece;
  }
}

/** Nothing is written before it is streamed. */
function empty(completion: Completion): void {
  completion.text = '';
  for (const call of completion.toolCalls) call.arguments = '';
}

/** Chat reports the usage of a stream only where it was asked to. */
function reportsUsage({ route, request }: Exchange, work: WrittenWork): boolean {
  return work.reportsUsage && (route === 'responses' || request.body.stream_options?.include_usage === true);
}
