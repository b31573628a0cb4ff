import type { SpecLimits } from '#budgets/limits.ts';
import type { CacheWish } from '#cache/cache-control.ts';
import type { LedgerEntry, Tags } from '#ledger/entry.ts';
import type { Deadline } from '#platform/deadline.ts';
import type { Principal } from '#platform/principal.ts';
import type { CallEvent, FinishReason, Listener } from '#protocol/events.ts';
import type { ModelRequest } from '#protocol/request.ts';
import type { NewGate } from '#protocol/text-gate.ts';
import type { RedactPolicy } from '#platform/redact-policy.ts';

/** How long an answer may be kept, and whether callers see each other's. */
export interface Keeping {
  readonly ttlSeconds: number;
  readonly shared: boolean;
}

/** What an endpoint's definition says about money, time and caching; the same for all of its calls. */
export interface EndpointTerms {
  readonly name: string;
  /** Part of the cache key: raised when the same request shall get a new answer. */
  readonly version: number;
  /** How the answers to its questions are kept, where a question says nothing else. Absent: they are not. */
  readonly deterministic?: Keeping;
  /** What the endpoint's spec says of its budget; settings may say otherwise. */
  readonly budget: SpecLimits;
  /** The output may be cut down to what a budget's remainder buys, but not below this. Absent: it is not cut. */
  readonly leastOutputTokens?: number;
  /** Cuts a single attempt short of the deadline. Absent: an attempt may take all the time there is. */
  readonly attemptTimeoutMs?: number;
  /** The longest that a model may be silent in the middle of a stream. */
  readonly idleTimeoutMs: number;
  /** Stand in its calls' ledger entries, so that reports can tell them from others. Absent: none. */
  readonly tags?: Tags;
  /** What the model may see of secrets and personal data. */
  readonly redact: RedactPolicy;
  /** What the model itself writes is masked too. */
  readonly redactsOutput: boolean;
}

/** One call of an endpoint, as it begins. */
export interface Call {
  /** Minted first of all. */
  readonly id: string;
  readonly terms: EndpointTerms;
  readonly principal: Principal;
  /** The platform's id of the request, for the logs. */
  readonly requestId: string;
  readonly deadline: Deadline;
  /** By when settling must give way to the reply (epoch ms). */
  readonly replyByMs: number;
  /** When the platform kills this process (epoch ms): from then on it reserves, tops up and settles nothing. */
  readonly killAtMs: number;
  readonly cacheWish: CacheWish;
  /** Placeholders such as `[EMAIL_1]` that stand in the caller's own words: they mean nothing. */
  readonly ownPlaceholders?: readonly string[];
}

/**
 * Asks a model, through cache, budget and retries. The only way upstream, so that nothing reaches it unmetered.
 * @returns the events of the whole answer
 */
export type Ask = (request: ModelRequest, options: AskOptions) => Promise<readonly CallEvent[]>;

export interface AskOptions {
  /** Tried in this order when the request's own model fails. */
  readonly fallbackModels: readonly string[];
  /** Asks once more for what an earlier answer left open: one of the call's second tries (R8). @default false */
  readonly isAgain?: boolean;
  /** What is asked side by side with it, itself included: all is held for, once, before any of it is sent. */
  readonly together?: readonly ModelRequest[];
  /** An answer that took longer would be of no use: what is under way by then is cut, and not tried again. Absent: it has the call's time. */
  readonly withinMs?: number;
  /** How the answer is kept. @default as the endpoint's terms say */
  readonly keeping?: Keeping;
  /** Hears the answer while it is made; what was heard is never begun anew. Absent: it is given whole. */
  readonly listener?: Listener;
  /** What the answer's text passes on its way; where it says that there is enough, the upstream is stopped. */
  readonly newGate?: NewGate;
}

/** What an endpoint does with its way upstream. */
export type Work<Output> = (ask: Ask) => Promise<Output>;

/** How a call ended: its ledger entry, and what only the reply needs beside it. */
export interface Receipt {
  readonly entry: LedgerEntry;
  /** How its last answer ended; undefined when it had none. */
  readonly finish: FinishReason | undefined;
  /** Age of the oldest cached part, when all came from the cache. */
  readonly ageSeconds?: number;
}
