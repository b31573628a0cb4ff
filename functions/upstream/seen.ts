/** What was seen of an answer whose usage never came: enough to estimate what it will be billed by (L8). */
export interface Seen {
  /** UTF-8 bytes of text, refusals and tool arguments. */
  readonly outputBytes: number;
  /** Pieces that they came in: the model writes about a token a piece. */
  readonly pieces: number;
  /** How long nothing of it was seen, before the first piece and in long pauses: it may have been thinking, which is output too. */
  readonly silentMs: number;
}

/** Between two pieces of a model that writes. */
const SHORT_PAUSE_MS = 1_000;

/** Counts what is seen of an answer while it comes. */
export class Sight implements Seen {
  outputBytes = 0;
  pieces = 0;
  readonly #nowMs: () => number;
  /** When something of it was seen last, or it was sent. */
  #lastAtMs: number;
  #pausedMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lastAtMs = nowMs();
  }

  /** A piece came. */
  add(bytes: number): void {
    this.#pausedMs = this.silentMs;
    this.#lastAtMs = this.#nowMs();
    this.outputBytes += bytes;
    this.pieces++;
  }

  get silentMs(): number {
    const pauseMs = this.#nowMs() - this.#lastAtMs;
    return this.#pausedMs + (this.pieces === 0 || pauseMs > SHORT_PAUSE_MS ? pauseMs : 0);
  }
}
