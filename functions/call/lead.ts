import type { AnswerCache } from '#cache/answer-cache.ts';
import { LEASE_MS } from '#cache/lead-item.ts';
import type { LocalLead } from '#cache/local-leads.ts';
import type { Clock } from '#platform/clock.ts';

/** Often enough that one renewal may be lost and the next still comes in time. */
const RENEW_EVERY_MS = LEASE_MS / 3;

/** What a lead is over, and where it is held. */
export interface LeadTerms {
  readonly key: string;
  /** Keys of the missing answers. */
  readonly parts: readonly string[];
  /** The leading call's id. */
  readonly leader: string;
  /** Where those of the same process wait. */
  readonly local: LocalLead;
  readonly cache: AnswerCache;
  readonly clock: Clock;
}

/** The lead of one question over the answers that it missed, until its call ends. */
export class Lead {
  readonly terms: LeadTerms;
  /** It stands on the table, or may. Without, it is for this process alone. */
  isOnTable = false;
  /** What the upstream answered, as far as others are concerned. */
  answer: 'none' | 'shareable' | 'unshareable' = 'none';
  #stopTimer: (() => void) | undefined;
  #renewing: Promise<void> | undefined;
  #isOver = false;

  constructor(terms: LeadTerms) {
    this.terms = terms;
  }

  /** Keeps the lease for as long as this process lives and works. */
  keep(): void {
    if (this.#isOver) return;
    this.#stopTimer = this.terms.clock.startTimer(() => {
      this.#renewing = this.#renew();
    }, RENEW_EVERY_MS);
  }

  /** No renewal begins any more; settles when the last one is answered. A late one is refused by its condition. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#stopTimer?.();
    await this.#renewing;
  }

  async #renew(): Promise<void> {
    const { cache, key, leader } = this.terms;
    const renewed = await cache.leads.renew(key, leader);
    if (renewed !== 'refused') this.keep();
  }
}

/**
 * The leads of one call, and its waits for those of others. A call leads only while none of its questions waits, and
 * waits only while it leads nothing, so that no two calls can ever wait for each other:
 *
 *     A   leads 1 ……………… asks for 2: B leads it. It does not wait, and goes on alone.
 *     B     leads 2 ……………… asks for 1: likewise
 */
export class CallLeads {
  readonly #clock: Clock;
  readonly #held = new Set<Lead>();
  #waiting = 0;
  #waitingSinceMs = 0;
  #waitedMs: number | undefined;
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get mayLead(): boolean {
    return !this.#isClosed && this.#waiting === 0;
  }

  get mayWait(): boolean {
    return !this.#isClosed && this.#held.size === 0;
  }

  /** How long some question of the call has waited for another call's answer; undefined when none did. */
  get waitedMs(): number | undefined {
    return this.#waitedMs;
  }

  /** Before the lead is asked for: who may come to hold it does not wait any more. */
  add(lead: Lead): void {
    this.#held.add(lead);
  }

  /** The lead was refused. */
  drop(lead: Lead): void {
    this.#held.delete(lead);
  }

  /** Waits for another call's lead. */
  async wait<Result>(work: Promise<Result>): Promise<Result> {
    if (this.#waiting++ === 0) this.#waitingSinceMs = this.#clock.nowMs();
    try {
      return await work;
    } finally {
      if (--this.#waiting === 0) {
        this.#waitedMs = (this.#waitedMs ?? 0) + this.#clock.nowMs() - this.#waitingSinceMs;
      }
    }
  }

  /** The call is over: gives what it held. From here on it neither leads nor waits. */
  close(): readonly Lead[] {
    this.#isClosed = true;
    return [...this.#held];
  }
}
