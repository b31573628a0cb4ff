import type { StoredAnswer } from '#cache/stored-answer.ts';
import type { Attempt } from '#ledger/entry.ts';
import type { Clock } from '#platform/clock.ts';
import type { FinishReason } from '#protocol/events.ts';
import type { ModelRequest } from '#protocol/request.ts';
import type { Call } from './call.ts';
import { Cover, type Bound } from './cover.ts';
import { CallLeads } from './lead.ts';
import { boundOf } from './price-attempt.ts';
import type { Rooms } from './rooms.ts';

/** Second tries of a whole call, whichever layer wishes for them: transport, fallback, or an endpoint that asks again (R8). */
const RETRIES_PER_CALL = 2;

/**
 * What a call has held, tried, taken from the cache and wants to store: everything that settlement needs. One tab a call,
 * shared by all of its requests.
 */
export class Tab {
  readonly call: Call;
  readonly attempts: Attempt[] = [];
  /** Answers from the cache that were used. */
  readonly hits: StoredAnswer[] = [];
  /** Fresh complete answers, stored when the call ends well. */
  readonly toStore = new Map<string, StoredAnswer>();
  /** Answers that others wait for, and its waits for those of others. */
  readonly leads: CallLeads;
  /** What is held for it. */
  readonly held: Cover;
  retriesLeft = RETRIES_PER_CALL;
  /** How the last answer ended. */
  finish: FinishReason | undefined;
  /** When the first piece of an answer came that is told while it is made. */
  firstTokenAtMs: number | undefined;
  /** The answer to some question is one to be kept. */
  isKept = false;
  /** Some part had to be asked of the upstream. */
  missed = false;
  /** One of its requests probes whether a key has quota again; settles when that is known. */
  probe: Promise<void> | undefined;
  readonly #running = new Set<Promise<unknown>>();
  readonly #covered = new WeakMap<readonly ModelRequest[], Promise<void>>();
  readonly #clock: Clock;
  #isOver = false;
  #shows = false;

  constructor(call: Call, rooms: Rooms) {
    this.call = call;
    this.#clock = rooms.platform.clock;
    this.leads = new CallLeads(rooms.platform.clock);
    this.held = new Cover(call, rooms);
  }

  /** Registers the work on one question: the call is not over while it is under way. */
  track<Result>(work: Promise<Result>): Promise<Result> {
    const ended = work.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(ended);
    void ended.then(() => this.#running.delete(ended));
    return work;
  }

  /** The endpoint's work is over: what it left running is ended, so that its cost is on the tab too. */
  async end(): Promise<void> {
    this.#isOver = true;
    if (this.#running.size === 0) return;
    this.call.deadline.cancel(new Error('the call is over'));
    await Promise.all(this.#running);
  }

  /** One answer of a call can be told while it is made: what was told is never taken back. @throws Error for a second one */
  show(): void {
    if (this.#shows) throw new Error('a call shows one answer while it is made, but a second one was to be shown');
    this.#shows = true;
  }

  /** A first piece of some answer is about to be told. */
  noteFirstToken(): void {
    this.firstTokenAtMs ??= this.#clock.nowMs();
  }

  /** A request is sent as the probe. @returns to be called at its end */
  beginProbe(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.probe = promise;
    return () => {
      this.probe = undefined;
      resolve();
    };
  }

  /** Takes one of the call's second tries, if there is one left. */
  takeRetry(): boolean {
    return this.retriesLeft-- > 0;
  }

  /** Covers an attempt before it is sent. @returns what is covered @throws BudgetExceeded, BudgetUnavailable */
  async cover(bound: Bound, model: string): Promise<bigint> {
    if (this.#isOver) throw new Error('a question was asked after the call was over');
    return this.held.take(bound, model);
  }

  /**
   * Holds once what questions that are asked side by side may cost together, before the first of them is sent: a call that its
   * budget does not cover is refused before it spends (L2).
   */
  coverAll(requests: readonly ModelRequest[]): Promise<void> {
    let covered = this.#covered.get(requests);
    if (!covered) {
      const bounds = requests.map((request) => boundOf(request, this.call));
      const sum = (each: (bound: Bound) => bigint) => bounds.reduce((total, bound) => total + each(bound), 0n);
      const bound = { pico: sum(({ pico }) => pico), leastPico: sum(({ leastPico }) => leastPico) };
      covered = this.held.takeAhead(bound, requests[0]?.model ?? '');
      this.#covered.set(requests, covered);
    }
    return covered;
  }

  /** What was covered is not going to be sent. */
  uncover(boundPico: bigint): void {
    this.held.giveBack(boundPico);
  }

  /** An attempt is over: its line goes into the entry, and its cost takes the place of its bound. */
  close(attempt: Attempt, boundPico: bigint): void {
    this.attempts.push(attempt);
    this.held.replace(boundPico, attempt.costPico);
  }
}
