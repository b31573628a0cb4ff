import { Partition } from './partition.ts';

/** Sums over the parts of a budget, purses included, so that nobody has to add up thousands. Micro-units of money. */
export interface Totals {
  available: number;
  spent: number;
}

/**
 * A counter: shard or purse. Always: `available + spent + held = limit`. Money is whole micro-units in a double, exact up to
 * 9·10¹⁵. Each part has a partition to itself, which is where DynamoDB puts an item that stays hot.
 */
export class Part {
  readonly partition = new Partition();
  readonly totals: Totals;
  limit: number;
  available: number;
  spent = 0;
  held = 0;
  holds = 0;
  bytes: number;
  frozen = false;

  constructor(limit: number, bytes: number, totals: Totals) {
    this.limit = limit;
    this.available = limit;
    this.bytes = bytes;
    this.totals = totals;
    totals.available += limit;
  }

  /** Takes a hold. False: not enough, or frozen. */
  hold(amount: number, holdBytes: number): boolean {
    if (this.frozen || this.available < amount) return false;
    this.available -= amount;
    this.totals.available -= amount;
    this.held += amount;
    this.holds++;
    this.bytes += holdBytes;
    return true;
  }

  /** Replaces a hold by what was spent. */
  settle(amount: number, actual: number, holdBytes: number): void {
    this.available += amount - actual;
    this.totals.available += amount - actual;
    this.spent += actual;
    this.totals.spent += actual;
    this.held -= amount;
    this.holds--;
    this.bytes -= holdBytes;
  }

  /** A closed purse stands in no sum any more: what it had is its shard's again. */
  leaveTotals(): void {
    this.totals.available -= this.available;
    this.totals.spent -= this.spent;
  }

  isBalanced(): boolean {
    return this.available + this.spent + this.held === this.limit && this.held >= 0 && this.holds >= 0;
  }
}
