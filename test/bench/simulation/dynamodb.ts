import type { EventQueue } from './event-queue.ts';
import { latencyMs } from './latency.ts';
import type { Part } from './part.ts';
import { MOST_ITEM_BYTES, readUnits, writeUnits } from './partition.ts';

/** What a write came to. `throttled`: also after the last attempt. `too large`: DynamoDB refuses items over 400 KB. */
export type Written = 'written' | 'condition failed' | 'throttled' | 'too large';

/** A part as it was when it was read. */
export interface Seen {
  readonly part: Part;
  readonly available: number;
}

/** What was sent and what it cost. */
export interface Usage {
  writes: number;
  writeUnits: number;
  conditionsFailed: number;
  throttledWrites: number;
  reads: number;
  readUnits: number;
  throttledReads: number;
  tooLarge: number;
}

/** Attempts of a request that may be repeated. */
const ATTEMPTS = 3;

/**
 * DynamoDB as it says of itself: each item's writes in order, units by the whole item, a limit a partition, an answer after a
 * while. An attempt acts at half of its latency.
 */
export class DynamoDb {
  readonly usage: Usage = {
    writes: 0,
    writeUnits: 0,
    conditionsFailed: 0,
    throttledWrites: 0,
    reads: 0,
    readUnits: 0,
    throttledReads: 0,
    tooLarge: 0,
  };
  readonly #queue: EventQueue;
  readonly #random: () => number;
  readonly #longestPauseMs: number;

  constructor(queue: EventQueue, random: () => number, longestPauseMs = Infinity) {
    this.#queue = queue;
    this.#random = random;
    this.#longestPauseMs = longestPauseMs;
  }

  /**
   * One conditional write. `act` does it and tells whether its condition held.
   * @param addedBytes by which the item grows; negative: shrinks
   */
  write(part: Part, addedBytes: number, attempts: number, act: () => boolean, done: (written: Written) => void): void {
    this.#attempt(part, addedBytes, 1, attempts, act, done);
  }

  /** Strongly consistent reads of items side by side. `undefined`: one of them stayed throttled. */
  read(parts: readonly Part[], done: (seen: readonly Seen[] | undefined) => void): void {
    const seen: Seen[] = [];
    this.#readAttempt(parts, parts.keys().toArray(), seen, 1, done);
  }

  #attempt(
    ...[part, addedBytes, attempt, attempts, act, done]: [
      part: Part,
      addedBytes: number,
      attempt: number,
      attempts: number,
      act: () => boolean,
      done: (written: Written) => void,
    ]
  ): void {
    const halfMs = latencyMs(this.#random) / 2;
    this.#queue.after(halfMs, () => {
      const written = this.#serve(part, addedBytes, act);
      this.#queue.after(halfMs, () => {
        if (written !== 'throttled' || attempt >= attempts) done(written);
        else {
          this.#queue.after(this.#pauseMs(attempt), () =>
            this.#attempt(part, addedBytes, attempt + 1, attempts, act, done),
          );
        }
      });
    });
  }

  #serve(part: Part, addedBytes: number, act: () => boolean): Written {
    const { usage } = this;
    usage.writes++;
    const units = writeUnits(part.bytes + Math.max(0, addedBytes));
    if (!part.partition.takeWrite(units, this.#queue.nowMs)) {
      usage.throttledWrites++;
      return 'throttled';
    }
    usage.writeUnits += units;
    if (addedBytes > 0 && part.bytes + addedBytes > MOST_ITEM_BYTES) {
      usage.tooLarge++;
      return 'too large';
    }
    if (act()) return 'written';
    usage.conditionsFailed++;
    return 'condition failed';
  }

  #readAttempt(
    ...[parts, wanted, seen, attempt, done]: [
      parts: readonly Part[],
      wanted: readonly number[],
      seen: Seen[],
      attempt: number,
      done: (seen: readonly Seen[] | undefined) => void,
    ]
  ): void {
    if (wanted.length === 0) {
      done(seen);
      return;
    }
    const halfMs = latencyMs(this.#random, wanted.length) / 2;
    this.#queue.after(halfMs, () => {
      const throttled = wanted.filter((at) => !this.#readOne(parts[at]!, at, seen));
      this.#queue.after(halfMs, () => {
        if (throttled.length === 0) done(seen);
        else if (attempt >= ATTEMPTS) done(undefined);
        else {
          this.#queue.after(this.#pauseMs(attempt), () => this.#readAttempt(parts, throttled, seen, attempt + 1, done));
        }
      });
    });
  }

  #readOne(part: Part, at: number, seen: Seen[]): boolean {
    const { usage } = this;
    usage.reads++;
    const units = readUnits(part.bytes);
    if (!part.partition.takeRead(units, this.#queue.nowMs)) {
      usage.throttledReads++;
      return false;
    }
    usage.readUnits += units;
    seen[at] = { part, available: part.available };
    return true;
  }

  /** As the product's client waits (functions/platform/aws/signed-service.ts): full jitter up to 25 · 2ⁿ ms. */
  #pauseMs(attempt: number): number {
    return this.#random() * Math.min(this.#longestPauseMs, 25 * 2 ** attempt);
  }
}
