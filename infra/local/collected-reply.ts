import { Writable } from 'node:stream';
import type { ReplyHead } from './prelude.ts';
import { HostResponseStream } from './response-stream.ts';

/** Takes a streamed reply whole, for who wants a value. */
export class CollectedReply {
  readonly responseStream: HostResponseStream;
  #head: ReplyHead | undefined;
  readonly #chunks: Buffer[] = [];

  constructor() {
    this.responseStream = new HostResponseStream((head) => {
      this.#head = head;
      return new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          this.#chunks.push(chunk);
          done();
        },
      });
    });
  }

  /**
   * An `HttpReply` where there was a head, else what its JSON says; undefined where there was nothing.
   * @throws Error while the function has not written all of it
   */
  get value(): unknown {
    if (!this.responseStream.writableFinished) throw new Error('the function closed its stream before the end');
    const body = Buffer.concat(this.#chunks).toString();
    if (this.#head) return { ...this.#head, body };
    return body === '' ? undefined : (JSON.parse(body) as unknown);
  }
}
