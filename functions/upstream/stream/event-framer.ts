import { GrowingBytes } from './growing-bytes.ts';

const LF = 10;
const CR = 13;
/** UTF-8's byte order mark. */
const MARK = [0xef, 0xbb, 0xbf] as const;

export interface EventFramerOptions {
  /** A longer block is an error, whether its end has come or not. @default 16,000,000 */
  readonly maxBlockBytes?: number;
}

/**
 * Cuts a stream of server-sent events into blocks: the bytes of one event, as they came, with the blank line that ends it.
 * All blocks and the rest, one after the other, are the stream. Source:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 *
 * - A block ends with the first byte that can end it. Where that is a CR at the end of a chunk, an LF that comes late is the
 *   first byte of the next block, and no line of its own.
 * - A byte order mark at the very beginning is a block by itself: a block can be parsed without knowing whether it is the first.
 * - Bytes are copied only where a block came in several chunks, each about twice however many there were.
 */
export class EventFramer {
  readonly #maxBlockBytes: number;
  /** Of the block under way: what came in earlier chunks. */
  readonly #held = new GrowingBytes();
  /** The line under way has no byte yet. */
  #isLineEmpty = true;
  /** The last byte was a CR that ended a line: an LF now would be a part of that line's end. */
  #isAfterCr = false;
  /** Bytes of a byte order mark at the beginning of the stream; undefined once it is past. */
  #markBytes: number | undefined = 0;

  constructor({ maxBlockBytes = 16_000_000 }: EventFramerOptions = {}) {
    this.#maxBlockBytes = maxBlockBytes;
  }

  /**
   * The next bytes: the blocks that they end. A block that lies in one chunk is a view of it.
   * @throws RangeError for a block longer than the limit; the stream is not to be read on then
   */
  push(chunk: Buffer): Buffer[] {
    const blocks: Buffer[] = [];
    let at = this.#markBytes === undefined ? 0 : this.#passMark(chunk, blocks);
    let start = blocks.length === 0 ? 0 : at;
    if (this.#isAfterCr && at < chunk.length) {
      if (chunk[at] === LF) at++;
      this.#isAfterCr = false;
    }
    let lf = chunk.indexOf(LF, at);
    let cr = chunk.indexOf(CR, at);
    while (lf >= 0 || cr >= 0) {
      const end = cr < 0 || (lf >= 0 && lf < cr) ? lf : cr;
      const isBlank = end === at && this.#isLineEmpty;
      at = end === cr && chunk[end + 1] === LF ? end + 2 : end + 1;
      this.#isAfterCr = end === cr && at === chunk.length && at === end + 1;
      this.#isLineEmpty = true;
      if (isBlank) {
        blocks.push(this.#block(chunk, start, at));
        start = at;
      }
      if (lf >= 0 && lf < at) lf = chunk.indexOf(LF, at);
      if (cr >= 0 && cr < at) cr = chunk.indexOf(CR, at);
    }
    if (at < chunk.length) this.#isLineEmpty = false;
    if (start < chunk.length) this.#hold(chunk.subarray(start));
    return blocks;
  }

  /** What came after the last block: an event that never ended, which is none. */
  rest(): Buffer {
    return this.#held.view();
  }

  /** Where the stream goes on after its byte order mark, if it has one; the mark is a block then. */
  #passMark(chunk: Buffer, blocks: Buffer[]): number {
    let known = this.#markBytes ?? 0;
    let at = 0;
    while (at < chunk.length && known < MARK.length && chunk[at] === MARK[known]) {
      at++;
      known++;
    }
    this.#isLineEmpty = known === 0 || known === MARK.length;
    if (known === MARK.length) blocks.push(this.#block(chunk, 0, at));
    this.#markBytes = known < MARK.length && at === chunk.length ? known : undefined;
    return at;
  }

  #block(chunk: Buffer, from: number, to: number): Buffer {
    this.#check(this.#held.length + to - from);
    const last = chunk.subarray(from, to);
    return this.#held.length === 0 ? last : this.#held.takeWith(last);
  }

  #hold(piece: Buffer): void {
    this.#check(this.#held.length + piece.length);
    this.#held.append(piece);
  }

  #check(bytes: number): void {
    if (bytes <= this.#maxBlockBytes) return;
    const limit = this.#maxBlockBytes.toLocaleString('en-US');
    throw new RangeError(
      `a server-sent event must be at most ${limit} bytes long, but ${bytes.toLocaleString('en-US')} bytes were received`,
    );
  }
}
