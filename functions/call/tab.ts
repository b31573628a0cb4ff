import { reserve, settle, topUp, type Reservation } from '#budgets/reservation.ts';
import type { CounterState } from '#budgets/counter-store.ts';
import { UNLIMITED_PICO, type Scope } from '#budgets/scopes.ts';
import { resetsAt } from '#budgets/windows.ts';
import type { StoredAnswer } from '#cache/stored-answer.ts';
import type { Attempt } from '#ledger/entry.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { withinDeadline } from '#platform/deadline.ts';
import { BudgetExceeded, BudgetUnavailable } from '#platform/errors.ts';
import { formatUsd } from '#platform/money.ts';
import type { Call } from './call.ts';
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
  reservation: Reservation | undefined;
  retriesLeft = RETRIES_PER_CALL;
  /** Some part had to be asked of the upstream. */
  missed = false;
  /** A counter did not answer: a hold may stand, or come to stand, of which this call knows nothing. */
  mayHoldUnawares = false;
  readonly #rooms: Rooms;
  /** Cost of finished attempts and bounds of those under way: never more than what is held. */
  #committedPico = 0n;
  #covering: Promise<void> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  #isFinished = false;

  constructor(call: Call, rooms: Rooms) {
    this.call = call;
    this.#rooms = rooms;
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
  async finish(): Promise<void> {
    this.#isFinished = true;
    if (this.#running.size === 0) return;
    this.call.deadline.cancel(new Error('the call is over'));
    await Promise.all(this.#running);
  }

  /** Takes one of the call's second tries, if there is one left. */
  takeRetry(): boolean {
    return this.retriesLeft-- > 0;
  }

  /**
   * Makes sure that `boundPico` more is held before an attempt is sent: reserves, or tops up what is held. Requests of one
   * call that run side by side are covered one after the other, for each top-up builds on the hold before it.
   *
   * @throws BudgetExceeded when a scope has not enough left; BudgetUnavailable when a counter cannot be reached (L4)
   */
  cover(boundPico: bigint, model: string): Promise<void> {
    const covered = this.#covering.then(() => this.#cover(boundPico, model));
    this.#covering = covered.catch(() => undefined);
    return covered;
  }

  /** What was covered is not going to be sent. */
  uncover(boundPico: bigint): void {
    this.#committedPico -= boundPico;
  }

  /** An attempt is over: its line goes into the entry, and its cost takes the place of its bound. */
  close(attempt: Attempt, boundPico: bigint): void {
    this.attempts.push(attempt);
    this.#committedPico += attempt.costPico - boundPico;
  }

  async #cover(boundPico: bigint, model: string): Promise<void> {
    if (this.#isFinished) throw new Error('a question was asked after the call was over');
    this.call.deadline.signal.throwIfAborted();
    if (this.mayHoldUnawares) throw new BudgetUnavailable(new Error('an earlier question could not be covered'));
    const neededPico = this.#committedPico + boundPico;
    if (!this.reservation) await this.#reserve(neededPico, model);
    else if (this.reservation.amountPico < neededPico) await this.#topUp(this.reservation, neededPico);
    this.#committedPico = neededPico;
  }

  async #reserve(amountPico: bigint, model: string): Promise<void> {
    const { id, killAtMs, principal, deadline } = this.call;
    const { counters } = this.#rooms;
    const facts = { callId: id, killAtMs, caller: principal.id, model };
    const mayGoOn = () => !deadline.signal.aborted && deadline.remainingMs() > 0;
    const asked = reserve(counters, { scopes: scopesOf(this.call), amountPico, atMs: mintedAtMs(id), facts, mayGoOn });
    const outcome = await withinDeadline(asked, deadline.signal).catch((error: unknown) => {
      this.mayHoldUnawares = true;
      // What is granted too late is given back.
      void asked.then((late) => (late.granted ? settle(counters, late.reservation, 0n) : [])).catch(() => undefined);
      throw this.#unavailable(error);
    });
    if (!outcome.granted) throw exceeded(outcome.scope, outcome.state, amountPico, mintedAtMs(id));
    this.reservation = outcome.reservation;
  }

  async #topUp(reservation: Reservation, amountPico: bigint): Promise<void> {
    const { counters } = this.#rooms;
    const first = reservation.holds[0]!.counter;
    const asked = async () => {
      const raised = await topUp(counters, reservation, amountPico);
      return { raised, state: raised ? undefined : await counters.read(first) };
    };
    const { raised, state } = await withinDeadline(asked(), this.call.deadline.signal).catch((error: unknown) => {
      throw this.#unavailable(error);
    });
    if (!raised) throw exceeded(first.scope, state, amountPico - reservation.amountPico, mintedAtMs(this.call.id));
    this.reservation = raised;
  }

  /** Why a call could not be covered: its time was over, or the counter cannot be reached. */
  #unavailable(error: unknown): Error {
    const { id, terms, deadline } = this.call;
    if (deadline.signal.aborted) return deadline.signal.reason as Error;
    this.#rooms.platform.log.error('a budget could not be checked', {
      alarm: 'budget-unavailable',
      callId: id,
      endpoint: terms.name,
      error,
    });
    return new BudgetUnavailable(error);
  }
}

/** The scopes in which a call reserves: the endpoint's always. Those of the caller and the account stand here next. */
function scopesOf({ terms }: Call): readonly Scope[] {
  return [{ name: `endpoint:${terms.name}`, limitPico: terms.monthlyLimitPico ?? UNLIMITED_PICO }];
}

function exceeded(scope: Scope, state: CounterState | undefined, requiredPico: bigint, atMs: number): BudgetExceeded {
  const limitPico = state?.limitPico ?? scope.limitPico;
  const spentPico = state?.spentPico ?? 0n;
  const heldPico = limitPico - spentPico - (state?.availablePico ?? limitPico);
  const [limitUsd, spentUsd, heldUsd, requiredUsd] = [limitPico, spentPico, heldPico, requiredPico].map(formatUsd);
  const message =
    `the monthly budget of ${scope.name} is $${limitUsd}: $${spentUsd} is spent and $${heldUsd} held, ` +
    `and this call may cost up to $${requiredUsd}`;
  const details = {
    scope: scope.name,
    window: 'month',
    limitUsd,
    spentUsd,
    heldUsd,
    requiredUsd,
    resetsAt: resetsAt(atMs),
  };
  return new BudgetExceeded(message, details);
}
