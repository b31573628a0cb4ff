/** What one partition, and so one item, can carry: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html */
export const WRITE_UNITS_A_SECOND = 1_000;
export const READ_UNITS_A_SECOND = 3_000;
/** DynamoDB's limit of an item. */
export const MOST_ITEM_BYTES = 400 * 1024;

/** Units of a write: the larger of the item before and after, by started kilobytes; the same where the condition fails. */
export function writeUnits(itemBytes: number): number {
  return Math.max(1, Math.ceil(itemBytes / 1024));
}

/** Units of a strongly consistent read: by started 4 KB. */
export function readUnits(itemBytes: number): number {
  return Math.max(1, Math.ceil(itemBytes / 4096));
}

/**
 * The throughput of one partition, as two buckets that fill continuously and hold one second's worth. DynamoDB's burst
 * bucket of 300 s is left out: it lends capacity that a table has and does not use, and does not lift the limit of a partition
 * (https://repost.aws/knowledge-center/dynamodb-spiky-workloads-short-intervals).
 */
export class Partition {
  /** Write units used so far. */
  writeUnits = 0;
  #writes = WRITE_UNITS_A_SECOND;
  #reads = READ_UNITS_A_SECOND;
  #filledMs = 0;

  /** False: throttled. A throttled request costs nothing. */
  takeWrite(units: number, nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#writes < units) return false;
    this.#writes -= units;
    this.writeUnits += units;
    return true;
  }

  takeRead(units: number, nowMs: number): boolean {
    this.#fill(nowMs);
    if (this.#reads < units) return false;
    this.#reads -= units;
    return true;
  }

  #fill(nowMs: number): void {
    const seconds = (nowMs - this.#filledMs) / 1000;
    this.#filledMs = nowMs;
    this.#writes = Math.min(WRITE_UNITS_A_SECOND, this.#writes + seconds * WRITE_UNITS_A_SECOND);
    this.#reads = Math.min(READ_UNITS_A_SECOND, this.#reads + seconds * READ_UNITS_A_SECOND);
  }
}
