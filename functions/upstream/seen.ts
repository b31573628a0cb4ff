/** What was seen of an answer whose usage never came: enough to estimate what it will be billed by (L8). */
export interface Seen {
  /** UTF-8 bytes of text, refusals and tool arguments. */
  readonly outputBytes: number;
  /** Pieces that they came in: the model writes about a token a piece. */
  readonly pieces: number;
  /** How long nothing of it was seen, from the sending to the first piece: it may have been thinking, which is output too. */
  readonly silentMs: number;
}

/** Counts what is seen of an answer while it comes. */
export class Sight implements Seen {
  outputBytes = 0;
  pieces = 0;
  readonly #nowMs: () => number;
  readonly #sentAtMs: number;
  #firstAtMs: number | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#sentAtMs = nowMs();
  }

  /** A piece came. */
  add(bytes: number): void {
    this.#firstAtMs ??= this.#nowMs();
    this.outputBytes += bytes;
    this.pieces++;
  }

  get silentMs(): number {
    return (this.#firstAtMs ?? this.#nowMs()) - this.#sentAtMs;
  }
}
