import type { TokenUsage } from '#protocol/usage.ts';

/**
 * How sure a cost is. `exact`: priced from the usage that OpenAI reported. `estimated`: priced from a count of our own,
 * because usage never came. `unknown`: it may have been billed and nobody can tell, so it counts at its upper bound.
 */
export type Basis = 'exact' | 'estimated' | 'unknown';

/** One request to the upstream. An attempt that may have been billed is never left out. */
export interface Attempt {
  readonly modelAsked: string;
  /** Absent when no answer named it. */
  readonly modelServed?: string;
  readonly serviceTier?: string;
  readonly usage?: TokenUsage;
  readonly costPico: bigint;
  readonly basis: Basis;
  /** `<model>@<effective date>` of the price row used. */
  readonly priceRow?: string;
  /** `answered`, or the class of failure. */
  readonly outcome: string;
  readonly status?: number;
  /** OpenAI's `x-request-id`. */
  readonly upstreamRequestId?: string;
  readonly latencyMs: number;
}

/** A counter of a budget (its key), a hold in it, and what takes the hold's place. The counters follow the ledger. */
export interface HoldCharge {
  readonly part: string;
  readonly id: string;
  readonly pico: bigint;
}

/** How the cache took part in a call: `bypass` where the endpoint or the caller wants none. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass';

/** What a call is marked with, by name. */
export type Tags = Readonly<Record<string, string>>;

/** One call: who, where, what it cost, and what happened. Append-only, and without any prompt or output. */
export interface LedgerEntry {
  readonly callId: string;
  readonly endpoint: string;
  readonly functionName: string;
  readonly caller: string;
  readonly callerKind: string;
  readonly model: string;
  /** What each counter is charged, and for which hold. Empty when nothing was reserved. */
  readonly holds: readonly HoldCharge[];
  readonly attempts: readonly Attempt[];
  readonly cache: CacheOutcome;
  /** Sum over attempts. */
  readonly usage: TokenUsage;
  readonly costPico: bigint;
  /** The part of `costPico` whose basis is `unknown`. */
  readonly unknownPico: bigint;
  /** What the cache's hits would have cost. */
  readonly savedPico: bigint;
  /** The weakest basis of all attempts. */
  readonly basis: Basis;
  /** `completed`, or the code of the error that the caller got. */
  readonly outcome: string;
  readonly latencyMs: number;
  readonly firstTokenMs?: number;
  /** How long it waited for the answer of another call that had asked the same; absent when it did not. */
  readonly waitedMs?: number;
  readonly requestId: string;
  readonly tags?: Tags;
}

/** The weakest of several bases: one unknown attempt makes the call's cost unknown. */
export function weakestBasis(attempts: readonly Attempt[]): Basis {
  const bases = attempts.map((attempt) => attempt.basis);
  return bases.includes('unknown') ? 'unknown' : bases.includes('estimated') ? 'estimated' : 'exact';
}
