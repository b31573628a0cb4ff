import type { BudgetStores } from '#budgets/budgets.ts';
import type { SpecLimits } from '#budgets/limits.ts';
import type { LedgerStore } from '#ledger/ledger-store.ts';
import type { Platform } from '#platform/platform.ts';

/** What a sweep works with. */
export interface SweepRooms {
  readonly platform: Platform;
  readonly budgets: BudgetStores;
  readonly ledger: LedgerStore;
  /** What the specs say of endpoints' budgets, by endpoint. */
  readonly specs: ReadonlyMap<string, SpecLimits>;
  /** Names the sweep in what it writes. */
  readonly requestId: string;
  /** When the platform kills this process: from then on it touches nothing. */
  readonly killAtMs: number;
}

/** What a sweep did. */
export interface SweepReport {
  budgets: number;
  /** Holds settled by their ledger entries. */
  settled: number;
  /** Calls whose process died after something may have been sent: they count at their bound. */
  writtenOff: number;
  /** Calls whose process died before anything was sent. */
  voided: number;
  pursesClosed: number;
  adjusted: number;
  /** Budgets whose limit or shards were brought in order. */
  changed: number;
  notices: number;
  /** Budgets and calls that could not be dealt with now; the next sweep tries again. */
  failed: number;
}

export function emptyReport(): SweepReport {
  return {
    budgets: 0,
    settled: 0,
    writtenOff: 0,
    voided: 0,
    pursesClosed: 0,
    adjusted: 0,
    changed: 0,
    notices: 0,
    failed: 0,
  };
}

/** The sweep's time is over: what is left, the next one does. */
export class SweepOver extends Error {
  constructor() {
    super('the time of this sweep is over');
    this.name = 'SweepOver';
  }
}

/** Asked before everything that touches a counter. @throws SweepOver */
export function assertInTime(rooms: SweepRooms): void {
  if (!isInTime(rooms)) throw new SweepOver();
}

/** Whether there is time to begin something. */
export function isInTime({ platform, killAtMs }: SweepRooms): boolean {
  return platform.clock.nowMs() < killAtMs - LAST_REQUEST_MS;
}

/** A request that is under way when the platform kills the process may land a little later. */
const LAST_REQUEST_MS = 2_000;
