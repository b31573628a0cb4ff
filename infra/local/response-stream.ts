import { Writable } from 'node:stream';
import type { ResponseStream } from '#edge/lambda-stream.ts';
import { PRELUDE_CONTENT_TYPE, PreludeReader, type ReplyHead } from './prelude.ts';

/**
 * Who takes a streamed reply: told its head once, or that it has none (it is no HTTP reply then), and gives where its body goes.
 */
export type OpenBody = (head: ReplyHead | undefined) => Writable;

type Written = (error?: Error | null) => void;

/**
 * The stream that a host gives to a streaming function, as Lambda's runtime does. It takes the wire format apart and hands the body on
 * as it comes, no faster than it is taken.
 *
 * It closes when its body does: `destroy` either, and the function hears of it. An error is kept in `errored`, and is no event that
 * somebody has to listen for.
 */
export class HostResponseStream extends Writable implements ResponseStream {
  /** Lambda's runtime lets `awslambda.HttpResponseStream` write the head by this, at the first `write` and no sooner. */
  _onBeforeFirstWrite: ((write: (chunk: string | Uint8Array) => void) => void) | undefined;
  readonly #openBody: OpenBody;
  readonly #onBytes: () => void;
  #prelude: PreludeReader | undefined;
  #isWritten = false;
  #body: Writable | undefined;

  /** @param onBytes told each time that bytes of the body are handed on */
  constructor(openBody: OpenBody, onBytes: () => void = () => {}) {
    super();
    this.#openBody = openBody;
    this.#onBytes = onBytes;
    this.on('error', () => {});
  }

  /** @throws Error once something was written, as Lambda's does */
  setContentType(contentType: string): void {
    if (this.#isWritten) throw new Error('the content type must be set before the first write');
    this.#prelude = contentType === PRELUDE_CONTENT_TYPE ? new PreludeReader() : undefined;
  }

  override write(chunk: unknown, encoding?: BufferEncoding | Written, callback?: Written): boolean {
    if (!this.#isWritten) {
      this.#isWritten = true;
      this._onBeforeFirstWrite?.((first) => void super.write(first));
    }
    if (typeof encoding === 'function') return super.write(chunk, encoding);
    return super.write(chunk, encoding as BufferEncoding, callback);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Written): void {
    try {
      const bytes = this.#body ? chunk : this.#beginBody(chunk);
      if (!this.#body || bytes.byteLength === 0) return done();
      this.#onBytes();
      if (this.#body.write(bytes)) return done();
      // Where the body is closed in place of drained, this stream is too.
      this.#body.once('drain', () => done());
    } catch (error) {
      done(error as Error);
    }
  }

  override _final(done: Written): void {
    if (!this.#body && this.#prelude) return done(new Error('a streamed reply ended before its head was whole'));
    try {
      this.#body ??= this.#open(undefined);
      this.#body.end(() => done());
    } catch (error) {
      done(error as Error);
    }
  }

  override _destroy(error: Error | null, done: Written): void {
    if (this.#body && !this.#body.writableFinished) this.#body.destroy();
    done(error);
  }

  /** @returns what of the chunk belongs to the body, which is open if there is any */
  #beginBody(chunk: Buffer): Buffer {
    if (!this.#prelude) {
      this.#body = this.#open(undefined);
      return chunk;
    }
    const taken = this.#prelude.take(chunk);
    if (!taken) return Buffer.alloc(0);
    this.#body = this.#open(taken.head);
    return taken.rest;
  }

  #open(head: ReplyHead | undefined): Writable {
    const body = this.#openBody(head);
    body.once('close', () => void (body.writableFinished || this.destroy()));
    return body;
  }
}
