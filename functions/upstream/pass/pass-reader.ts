import type { FinishReason, LiveEvent } from '#protocol/events.ts';
import { protocolFailure, UpstreamFailure, type Failure } from '../failure.ts';
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
  /** Undefined: it is not kept, or it has become too long for that. */
  #kept: Buffer[] | undefined;
  #keptBytes = 0;
  #hasBegun = false;
  #finish: FinishReason | undefined;

  constructor(options: PassReaderOptions) {
    this.options = options;
    this.seen = options.seen;
    if (options.keeps) this.#kept = [];
  }

  abstract read(block: Buffer): Verdict | Promise<Verdict>;

  get reply(): Reply | undefined {
    if (this.#finish === undefined) return undefined;
    const served = this.served ?? UNKNOWN;
    return {
      served,
      events: [
        ...(this.#kept ? [{ type: 'body' as const, text: Buffer.concat(this.#kept).toString() }] : []),
        { type: 'finish', reason: this.#finish },
      ],
      ...(!served.usage && { seen: this.seen }),
    };
  }

  cutShort(): Reply {
    return { served: this.served ?? UNKNOWN, events: [], seen: this.seen, isCutShort: true };
  }

  /** Hands a block on. */
  protected pass(block: Buffer, verdict: Verdict): Verdict | Promise<Verdict> {
    // A comment is no beginning: until there is one, the request can still be sent again. Nor is a byte order mark, which behind
    // our own heartbeat would be a part of the first event's name.
    if (verdict === 'comment' && !this.#hasBegun) return verdict;
    this.#hasBegun = true;
    if (this.#kept) this.#keep(block);
    const heard = this.options.hear({ type: 'bytes', bytes: block, isWritten: this.seen.pieces > 0 });
    if (typeof heard === 'string') return heard === 'enough' ? heard : verdict;
    return heard.then((known) => (known === 'enough' ? known : verdict));
  }

  #keep(block: Buffer): void {
    this.#keptBytes += block.length;
    if (this.#keptBytes > MAX_KEPT_BYTES) this.#kept = undefined;
    else this.#kept?.push(Buffer.from(block));
  }

  /** The last event has come, and with it the answer. */
  protected conclude(finish: FinishReason): void {
    this.#finish = finish;
  }

  protected failed(failure: Failure): UpstreamFailure {
    return new UpstreamFailure(failure, this);
  }

  protected lied(): UpstreamFailure {
    return protocolFailure(this.options.requestId, this);
  }
}

/** More than this does not fit into the cache, however well it compresses; and a function has half a gigabyte of memory. */
const MAX_KEPT_BYTES = 8_000_000;

const UNKNOWN: Served = { model: '', usage: undefined };
