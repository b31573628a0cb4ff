const NONE = Buffer.alloc(0);
/** Pieces smaller than this are worth room for several at once. */
const MIN_ROOM_BYTES = 1_024;

/**
 * Bytes that come in pieces. Its room doubles when it is full, so that a million pieces of one byte cost two million bytes
 * copied and two megabytes held; a list of them, joined at the end, would hold a hundred.
 */
export class GrowingBytes {
  /** A first piece stands here as it is: most are followed by one that is the last. */
  #room: Buffer = NONE;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(piece: Buffer): void {
    if (this.#length === 0) this.#room = piece;
    else this.#write(piece, Math.max(2 * (this.#length + piece.length), MIN_ROOM_BYTES));
    this.#length += piece.length;
  }

  /** All of them and a last one. Nothing is held after that. */
  takeWith(last: Buffer): Buffer {
    const bytes = this.#length + last.length;
    this.#write(last, bytes);
    const whole = this.#room.subarray(0, bytes);
    this.#room = NONE;
    this.#length = 0;
    return whole;
  }

  /** All of them so far. */
  view(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  /** A piece that stands as it is has no room beside it, so that nobody else's bytes are written to. */
  #write(piece: Buffer, roomBytes: number): void {
    if (this.#length + piece.length > this.#room.length) {
      const room = Buffer.allocUnsafe(roomBytes);
      this.#room.copy(room, 0, 0, this.#length);
      this.#room = room;
    }
    piece.copy(this.#room, this.#length);
  }
}
