import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { parseServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';

/**
 * A reply of which the head is there, and whose body is read as it comes: by `chunks`, `events` or `text`, one of them. What is not
 * read is held back, in front of the function.
 *
 * A loop over them may be left and taken up again: only `leave` leaves. Both throw where the body ends before its end.
 */
export class StreamedReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly chunks: AsyncIterableIterator<Buffer>;
  readonly events: AsyncIterableIterator<ServerSentEvent>;
  readonly #body: Readable;

  constructor(status: number, headers: Readonly<Record<string, string | undefined>>, body: Readable) {
    this.status = status;
    this.headers = headers;
    this.#body = body.on('error', () => {});
    this.chunks = resumable(body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>);
    this.events = resumable(parseServerSentEvents(this.chunks));
  }

  /** All that has not been read yet. */
  async text(): Promise<string> {
    return (await buffer(this.chunks)).toString();
  }

  /** Closes as a caller does who goes away. */
  leave(): void {
    this.#body.destroy();
  }
}

/** Without `return`, by which a loop would end what it reads from. */
function resumable<Item>(items: AsyncIterator<Item>): AsyncIterableIterator<Item> {
  return {
    next: () => items.next(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
