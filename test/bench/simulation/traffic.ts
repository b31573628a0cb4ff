import type { Budget } from './budget.ts';
import { exponential, normal } from './latency.ts';
import { reserve, settle, type Reservation, type Reserved } from './reservation.ts';
import type { World } from './world.ts';

export interface Load {
  readonly callsASecond: number;
  /** Mean of an exponential duration: what is left of a call has the same distribution as a whole one. */
  readonly meanMs: number;
  readonly environments: number;
  /** Whether an environment serves one call at a time, as on Lambda. */
  readonly oneAtATime: boolean;
  /** Bound by actual cost, of the mean call. */
  readonly boundOverActual: number;
  /** The budgets of a call. */
  readonly route: () => readonly Budget[];
}

/** How calls ended. */
export interface Outcomes {
  offered: number;
  granted: number;
  /** 402. */
  refused: number;
  /** 402 although the budgets had enough together, in purses and shards. */
  refusedWithEnough: number;
  /** Sum of what the first of the budgets had at those moments. */
  availableThen: number;
  /** 503: DynamoDB was too busy. */
  unavailable: number;
  /** What the granted calls cost. */
  cost: number;
  /** What has been spent when the first call was refused. */
  spentAtFirstRefusal: number | undefined;
  /** Time that reserving took, by milliseconds. */
  readonly reserveMs: number[];
}

/** Money of the mean call's bound. */
export const CALL = 1_000_000;

/** Calls that come at random moments (Poisson), each to any free environment. */
export class Traffic {
  readonly outcomes: Outcomes = {
    offered: 0,
    granted: 0,
    refused: 0,
    refusedWithEnough: 0,
    availableThen: 0,
    unavailable: 0,
    cost: 0,
    spentAtFirstRefusal: undefined,
    reserveMs: [],
  };
  /** Calls that hold money now. */
  inFlight = 0;
  #isOver = false;
  readonly #world: World;
  readonly #load: Load;
  /** Environments without a call. */
  readonly #free: number[];
  #environments: number;

  constructor(world: World, load: Load) {
    this.#world = world;
    this.#load = load;
    this.#environments = load.environments;
    this.#free = load.oneAtATime ? Array.from({ length: load.environments }, (_, at) => at) : [];
  }

  /** Puts as many calls in flight as there are in the long run, so that nothing has to warm up for minutes. */
  seed(): void {
    const { callsASecond, meanMs, route } = this.#load;
    const mean = (callsASecond * meanMs) / 1000;
    const count = Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(this.#world.random)));
    for (let call = 0; call < count; call++) {
      const budgets = route();
      const environment = this.#occupy();
      const amount = this.#amount();
      this.#run(
        budgets,
        environment,
        amount,
        budgets.map((budget) => budget.seed(environment, amount)),
      );
    }
  }

  start(): void {
    this.#next();
  }

  /** No more calls. Those in flight go on to their ends. */
  end(): void {
    this.#isOver = true;
  }

  #next(): void {
    const waitMs = exponential(this.#world.random, 1000 / this.#load.callsASecond);
    this.#world.queue.after(waitMs, () => {
      if (this.#isOver) return;
      this.#arrive();
      this.#next();
    });
  }

  #arrive(): void {
    const { outcomes } = this;
    const { queue } = this.#world;
    const budgets = this.#load.route();
    const environment = this.#occupy();
    const amount = this.#amount();
    const fromMs = queue.nowMs;
    outcomes.offered++;
    const done = (reserved: Reserved) => {
      const tookMs = Math.round(queue.nowMs - fromMs);
      outcomes.reserveMs[tookMs] = (outcomes.reserveMs[tookMs] ?? 0) + 1;
      if (reserved.outcome === 'granted') {
        outcomes.granted++;
        this.#run(budgets, environment, amount, reserved.reservation);
        return;
      }
      this.#leave(environment);
      if (reserved.outcome === 'unavailable') outcomes.unavailable++;
      else {
        outcomes.refused++;
        if (budgets.every(({ totals }) => totals.available >= amount)) {
          outcomes.refusedWithEnough++;
          outcomes.availableThen += budgets[0]!.totals.available;
        }
        outcomes.spentAtFirstRefusal ??= budgets[0]!.totals.spent;
      }
    };
    reserve({ budgets, environment, amount, done });
  }

  #run(budgets: readonly Budget[], environment: number, amount: number, reservation: Reservation): void {
    this.inFlight++;
    const { queue, random } = this.#world;
    queue.after(exponential(random, this.#load.meanMs), () => {
      const actual = Math.min(amount, Math.round((amount / this.#load.boundOverActual) * (0.5 + random())));
      this.outcomes.cost += actual;
      settle(budgets, reservation, actual, () => {
        this.inFlight--;
        this.#leave(environment);
      });
    });
  }

  /** Bounds differ from call to call: log-normal, by half in either direction. */
  #amount(): number {
    return Math.round(CALL * Math.exp(0.4 * normal(this.#world.random) - 0.08));
  }

  #occupy(): number {
    const { random } = this.#world;
    if (!this.#load.oneAtATime) return Math.floor(random() * this.#environments);
    // One more is started where all are busy.
    if (this.#free.length === 0) return this.#environments++;
    const at = Math.floor(random() * this.#free.length);
    const environment = this.#free[at]!;
    const last = this.#free.pop()!;
    if (at < this.#free.length) this.#free[at] = last;
    return environment;
  }

  #leave(environment: number): void {
    if (this.#load.oneAtATime) this.#free.push(environment);
  }
}
