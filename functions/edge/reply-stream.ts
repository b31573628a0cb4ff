import { Readable } from 'node:stream';
import type { Clock } from '#platform/clock.ts';

/** No line is silent for longer: clients and what stands between would close it (S8). */
const HEARTBEAT_MS = 10_000;
const HEARTBEAT = ': heartbeat\n\n';
/** So much waits for a slow reader before the upstream is asked to wait too. */
const HIGH_WATER_BYTES = 64 * 1024;

/**
 * The body of a streamed reply: server-sent events as they are written, and a comment where nothing was for a while. Its head
 * can be sent once it has begun: until then there is time to answer with a status.
 */
export class ReplyStream extends Readable {
  readonly #clock: Clock;
  readonly #begun = Promise.withResolvers<void>();
  #wroteAtMs: number;
  #stopTimer: () => void;
  #full: PromiseWithResolvers<void> | undefined;
  #hasBegun = false;

  constructor(clock: Clock) {
    super({ highWaterMark: HIGH_WATER_BYTES });
    this.#clock = clock;
    this.#wroteAtMs = clock.nowMs();
    this.#stopTimer = this.#beatIn(HEARTBEAT_MS);
  }

  /** Settles at the first byte. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Writes. A promise: the reader is slow, and wants no more before it settles. */
  write(bytes: Uint8Array | string): void | Promise<void> {
    if (this.destroyed) return;
    this.#wroteAtMs = this.#clock.nowMs();
    const hasRoom = this.push(bytes);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#begun.resolve();
    }
    if (hasRoom) return;
    this.#full ??= Promise.withResolvers();
    return this.#full.promise;
  }

  /** Writes the last, and ends. */
  finish(bytes: Uint8Array | string): void {
    void this.write(bytes);
    this.#stopTimer();
    if (!this.destroyed) this.push(null);
  }

  override _read(): void {
    this.#full?.resolve();
    this.#full = undefined;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopTimer();
    // Whoever waits for a reader that has gone waits for nothing.
    this._read();
    done(error);
  }

  #beatIn(delayMs: number): () => void {
    return this.#clock.startTimer(() => {
      const silentMs = this.#clock.nowMs() - this.#wroteAtMs;
      if (silentMs >= HEARTBEAT_MS) void this.write(HEARTBEAT);
      this.#stopTimer = this.#beatIn(silentMs >= HEARTBEAT_MS ? HEARTBEAT_MS : HEARTBEAT_MS - silentMs);
    }, delayMs);
  }
}
