import type { FinishReason, LiveEvent } from '#protocol/events.ts';
import { UpstreamFailure, type Failure } from '../failure.ts';
import type { Reply } from '../from-openai.ts';
import type { Sight } from '../seen.ts';
import type { Served } from '../served.ts';
import type { Verdict } from '../stream/read-blocks.ts';
import type { Heard, StreamReader } from '../stream/stream-reader.ts';

export interface PassReaderOptions {
  readonly requestId: string | undefined;
  /** Counts what is seen, since before the request was sent. */
  readonly seen: Sight;
  /** Hears the stream's bytes, event by event, as they came. */
  readonly hear: (event: LiveEvent) => Heard | Promise<Heard>;
  /** Keeps the whole stream, to be stored. */
  readonly keeps: boolean;
  /** The caller asked for the usage chunk of Chat Completions, which Weir always asks for. */
  readonly wantsUsage: boolean;
  /** How many choices of Chat Completions were asked for. */
  readonly choices: number;
}

/**
 * What the readers of streams that are passed on have in common: bytes go on as they came, and only what the ledger must know
 * is looked at on the way.
 */
export abstract class PassReader implements StreamReader {
  /** With its usage as soon as that has come: from then on the price is known, whatever becomes of the rest. */
  served: Served | undefined;
  readonly seen: Sight;
  protected readonly options: PassReaderOptions;
  readonly #kept: Buffer[] = [];
  #finish: FinishReason | undefined;

  constructor(options: PassReaderOptions) {
    this.options = options;
    this.seen = options.seen;
  }

  abstract read(block: Buffer): Verdict | Promise<Verdict>;

  get reply(): Reply | undefined {
    if (this.#finish === undefined) return undefined;
    const served = this.served ?? UNKNOWN;
    return {
      served,
      events: [
        { type: 'body', text: Buffer.concat(this.#kept).toString() },
        { type: 'finish', reason: this.#finish },
      ],
      ...(!served.usage && { seen: this.seen }),
    };
  }

  cutShort(): Reply {
    return { served: this.served ?? UNKNOWN, events: [], seen: this.seen };
  }

  /** Hands a block on. */
  protected pass(block: Buffer, verdict: Verdict): Verdict | Promise<Verdict> {
    if (this.options.keeps) this.#kept.push(Buffer.from(block));
    const heard = this.options.hear({ type: 'bytes', bytes: block });
    if (typeof heard === 'string') return heard === 'enough' ? heard : verdict;
    return heard.then((known) => (known === 'enough' ? known : verdict));
  }

  /** The last event has come, and with it the answer. */
  protected conclude(finish: FinishReason): void {
    this.#finish = finish;
  }

  protected failed(failure: Failure): UpstreamFailure {
    return new UpstreamFailure(failure, this);
  }

  protected lied(): UpstreamFailure {
    const { requestId } = this.options;
    return this.failed({ class: 'protocol', status: 200, ...(requestId !== undefined && { requestId }) });
  }
}

const UNKNOWN: Served = { model: '', usage: undefined };
