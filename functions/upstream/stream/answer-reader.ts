import type { CallEvent } from '#protocol/events.ts';
import { failureOfEvent } from '../classify-failure.ts';
import { protocolFailure, UpstreamFailure } from '../failure.ts';
import { readResponse, type Reply } from '../from-openai.ts';
import type { Sight } from '../seen.ts';
import type { Served } from '../served.ts';
import type { Verdict } from './read-blocks.ts';
import { parseEvent } from './sse-event.ts';
import type { Heard, StreamReader } from './stream-reader.ts';

/** Events of the Responses API as they arrive: nothing about their shape is taken for granted. */
interface LooseEvent {
  readonly type?: unknown;
  readonly delta?: unknown;
  readonly response?: unknown;
  readonly code?: unknown;
}

export interface AnswerReaderOptions {
  readonly requestId: string | undefined;
  /** Counts what is seen, since before the request was sent. */
  readonly seen: Sight;
  /** Hears the text while it is made. */
  readonly hear: (event: CallEvent) => Heard | Promise<Heard>;
}

/**
 * Reads a streamed reply of the Responses API as Weir's own events. Its last event repeats the whole answer, and is read as a
 * plain reply would be: what was streamed must be the same, or the stream lied.
 */
export class AnswerReader implements StreamReader {
  reply: Reply | undefined;
  served: Served | undefined;
  readonly seen: Sight;
  readonly #options: AnswerReaderOptions;
  #text = '';

  constructor(options: AnswerReaderOptions) {
    this.#options = options;
    this.seen = options.seen;
  }

  read(block: Buffer): Verdict | Promise<Verdict> {
    const parsed = parseEvent(block);
    if (!parsed) return 'comment';
    const event = this.#parse(parsed.data);
    switch (event.type) {
      case 'response.created':
        this.served = this.#servedBy(event.response);
        return 'more';
      case 'response.output_text.delta':
        return this.#hearText(event.delta);
      case 'response.refusal.delta':
      case 'response.function_call_arguments.delta':
        if (typeof event.delta === 'string') this.seen.add(Buffer.byteLength(event.delta));
        return 'more';
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        this.#conclude(event.response);
        return 'last';
      case 'error':
        throw new UpstreamFailure(failureOfEvent(event, this.#options.requestId), this);
      default:
        return 'more';
    }
  }

  cutShort(): Reply {
    const served = this.served ?? { model: '', usage: undefined };
    return { served, events: [], seen: this.seen, isCutShort: true };
  }

  #parse(data: string): LooseEvent {
    try {
      const event = JSON.parse(data) as unknown;
      if (event !== null && typeof event === 'object') return event;
    } catch {
      // Falls through: the words of the parser's own error may be those of the answer.
    }
    throw this.#lie();
  }

  #hearText(delta: unknown): Verdict | Promise<Verdict> {
    if (typeof delta !== 'string') throw this.#lie();
    this.seen.add(Buffer.byteLength(delta));
    this.#text += delta;
    return this.#options.hear({ type: 'text', text: delta });
  }

  #conclude(response: unknown): void {
    const body = withRequestId(response, this.#options.requestId);
    this.served = this.#servedBy(body) ?? this.served;
    const reply = this.#readWhole(body);
    const whole = reply.events.map((event) => (event.type === 'text' ? event.text : '')).join('');
    if (whole !== this.#text) throw this.#lie(reply.served);
    this.reply = reply;
  }

  #readWhole(body: unknown): Reply {
    try {
      return readResponse(body);
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      throw new UpstreamFailure(error.failure, { served: error.served ?? this.served, seen: this.seen });
    }
  }

  #servedBy(response: unknown): Served | undefined {
    const { model, service_tier: serviceTier } = (response ?? {}) as { model?: unknown; service_tier?: unknown };
    if (typeof model !== 'string') return undefined;
    const { requestId } = this.#options;
    return {
      model,
      usage: undefined,
      ...(typeof serviceTier === 'string' && { serviceTier }),
      ...(requestId !== undefined && { requestId }),
    };
  }

  #lie(served = this.served): UpstreamFailure {
    return protocolFailure(this.#options.requestId, { served, seen: this.seen });
  }
}

/** The SDK puts the id of the request into bodies that it parses. This one it never saw. */
function withRequestId(response: unknown, requestId: string | undefined): unknown {
  if (response === null || typeof response !== 'object' || requestId === undefined) return response;
  return { ...response, _request_id: requestId };
}
