import type { BudgetStatus } from '#budgets/budget-status.ts';
import type { Reservation, ReservationOutcome } from '#budgets/reservation.ts';
import { resetsAt } from '#budgets/windows.ts';
import { mintedAtMs } from '#platform/call-id.ts';
import { withinDeadline } from '#platform/deadline.ts';
import { BudgetExceeded, BudgetUnavailable, DeadlineExceeded } from '#platform/errors.ts';
import { formatUsd } from '#platform/money.ts';
import type { Call } from './call.ts';
import type { Rooms } from './rooms.ts';

/** The most that an attempt may cost, and how far that may be cut down when a budget has less left. In pico-USD. */
export interface Bound {
  readonly pico: bigint;
  /** The same as `pico` where the endpoint does not let its output be cut. */
  readonly leastPico: bigint;
}

/** What is left may be gone when it is asked for: after so many looks the call is refused. */
const MOST_CUTS = 3;

/**
 * What a call holds in its budgets. Each attempt is covered before it is sent: by what is held, or by more. What finished
 * attempts did not use covers the next ones.
 */
export class Cover {
  reservation: Reservation | undefined;
  /** A counter did not answer, and nothing can build on what it may hold. */
  #isBroken = false;
  readonly #call: Call;
  readonly #rooms: Rooms;
  /** Cost of finished attempts and bounds of those under way: never more than what is held. */
  #committedPico = 0n;
  #nextRound = 0;
  #leftUnheard = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(call: Call, rooms: Rooms) {
    this.#call = call;
    this.#rooms = rooms;
  }

  /** A hold may stand, or come to stand, of which this call knows nothing: its entry must say what that is worth. */
  get mayHoldUnawares(): boolean {
    return this.#isBroken || this.#leftUnheard;
  }

  /**
   * Makes sure that so much more is held before an attempt is sent. Requests of one call that run side by side are covered one
   * after the other, for each top-up builds on the hold before it.
   *
   * @returns what is covered: the bound, or less if that may be
   * @throws BudgetExceeded when a budget has not enough left; BudgetUnavailable when a counter cannot be reached (L4)
   */
  take(bound: Bound, model: string): Promise<bigint> {
    const covered = this.#last.then(() => this.#take(bound, model));
    this.#last = covered.catch(() => undefined);
    return covered;
  }

  /** Holds what is about to be asked in several questions, so that all of them are covered or none is. @throws as `take` */
  async takeAhead(bound: Bound, model: string): Promise<void> {
    this.giveBack(await this.take(bound, model));
  }

  /** What was covered is not going to be sent. */
  giveBack(boundPico: bigint): void {
    this.#committedPico -= boundPico;
  }

  /** An attempt is over: its cost takes the place of its bound. */
  replace(boundPico: bigint, costPico: bigint): void {
    this.#committedPico += costPico - boundPico;
  }

  async #take({ pico, leastPico }: Bound, model: string): Promise<bigint> {
    const { deadline } = this.#call;
    deadline.signal.throwIfAborted();
    // A process that was frozen wakes up before its timers do.
    if (deadline.remainingMs() === 0) throw new DeadlineExceeded();
    if (this.#isBroken) throw new BudgetUnavailable(new Error('an earlier question could not be covered'));
    let boundPico = pico;
    for (let cuts = 0; ; cuts++) {
      const neededPico = this.#committedPico + boundPico;
      const status = await this.#hold(neededPico, model);
      if (!status) {
        this.#committedPico = neededPico;
        return boundPico;
      }
      const affordablePico = (this.reservation?.amountPico ?? 0n) + status.usablePico - this.#committedPico;
      if (affordablePico < leastPico || leastPico === pico || cuts >= MOST_CUTS)
        throw exceeded(status, neededPico - (this.reservation?.amountPico ?? 0n));
      if (affordablePico < boundPico) boundPico = affordablePico;
    }
  }

  /** Undefined: it is held. Else the budget that has not enough. */
  async #hold(amountPico: bigint, model: string): Promise<BudgetStatus | undefined> {
    if (this.reservation && this.reservation.amountPico >= amountPico) return undefined;
    return this.reservation ? this.#topUp(this.reservation, amountPico) : this.#reserve(amountPico, model);
  }

  async #reserve(amountPico: bigint, model: string): Promise<BudgetStatus | undefined> {
    const { id, killAtMs, principal, deadline, terms } = this.#call;
    const { budgets } = this.#rooms;
    const asked = budgets.reserve({
      spec: terms.budget,
      atMs: mintedAtMs(id),
      amountPico,
      firstRound: this.#nextRound,
      facts: { callId: id, killAtMs, endpoint: terms.name, caller: principal.id, model },
      signal: deadline.signal,
      mayGoOn: () => !deadline.signal.aborted && deadline.remainingMs() > 0,
    });
    const outcome = await withinDeadline(asked, deadline.signal).catch((error: unknown) => {
      this.#isBroken = true;
      void asked.then((late) => this.#giveBackLate(late)).catch(() => undefined);
      throw this.#unavailable(error);
    });
    if (!outcome.granted) {
      this.#nextRound = outcome.nextRound;
      this.#leftUnheard ||= outcome.mayHoldUnawares;
      return outcome.status;
    }
    this.reservation = outcome.reservation;
    return undefined;
  }

  /** What is granted too late is given back, while this process may touch counters. */
  async #giveBackLate(late: ReservationOutcome): Promise<void> {
    const { platform, budgets } = this.#rooms;
    if (late.granted && platform.clock.nowMs() < this.#call.killAtMs) await budgets.settle(late.reservation, []);
  }

  async #topUp(reservation: Reservation, amountPico: bigint): Promise<BudgetStatus | undefined> {
    const { signal } = this.#call.deadline;
    const asked = this.#rooms.budgets.topUp(reservation, amountPico, signal);
    const outcome = await withinDeadline(asked, signal).catch((error: unknown) => {
      // Some piece may stand higher than is known, so nothing can build on it.
      this.#isBroken = true;
      throw this.#unavailable(error);
    });
    this.reservation = outcome.reservation;
    return outcome.granted ? undefined : outcome.status;
  }

  /** Why a call could not be covered: its time was over, or the counter cannot be reached. */
  #unavailable(error: unknown): Error {
    const { id, terms, deadline } = this.#call;
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

function exceeded({ budget, ...figures }: BudgetStatus, requiredPico: bigint): BudgetExceeded {
  const { limitPico, spentPico, heldPico } = figures;
  const [limitUsd, spentUsd, heldUsd, requiredUsd] = [limitPico, spentPico, heldPico, requiredPico].map(formatUsd);
  const message =
    `the ${budget.kind === 'day' ? 'daily' : 'monthly'} budget of ${budget.scope} is $${limitUsd}: $${spentUsd} is spent ` +
    `and $${heldUsd} held, and this call may cost up to $${requiredUsd}`;
  const details = {
    scope: budget.scope,
    window: budget.kind,
    limitUsd,
    spentUsd,
    heldUsd,
    requiredUsd,
    resetsAt: resetsAt(budget.window),
  };
  return new BudgetExceeded(message, details);
}
