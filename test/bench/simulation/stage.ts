import type { Budget } from './budget.ts';
import { Escrow, type EscrowTerms } from './escrow.ts';
import { productSizes } from './item-size.ts';
import { ShardedBudget } from './sharded-budget.ts';
import { CALL, Traffic, type Load } from './traffic.ts';
import { createWorld, type Habits, type World } from './world.ts';

/** The product's sizes, bytes. */
export const SIZES = productSizes();

/** Shares and counts of a stretch of time. */
export interface Measures {
  readonly offered: number;
  readonly grantedASecond: number;
  readonly grantedShare: number;
  readonly unavailableShare: number;
  readonly refusedShare: number;
  /** Of the refusals, those that came although the budget had enough. */
  readonly falseShare: number;
  /** What the budget had then on average, bounds of a call. */
  readonly availableThen: number;
  readonly writeUnitsACall: number;
  readonly readUnitsACall: number;
  /** 99th percentile of the time that reserving took. */
  readonly reserveMs: number;
}

/** Budgets of a size that no run uses up. */
export const PLENTY = 4e15;

/** A purse as this simulation recommends it. */
export const PURSE: EscrowTerms = {
  callsAPurse: 8,
  leastPursesLeft: 64,
  leastCallsAPurse: 4,
  usedForMs: 600_000,
  jitter: 0.25,
  drawBy: 'condition',
  directForMs: 1_000,
  floatBytes: SIZES.float,
  holdBytes: SIZES.otherHold,
  purseBaseBytes: SIZES.purse,
};

/** One budget and the calls on it. */
export class Stage {
  readonly world: World;
  readonly shards: ShardedBudget;
  readonly escrow: Escrow | undefined;
  readonly traffic: Traffic;
  readonly #seedPurses: () => void;

  constructor(options: {
    readonly seed: number;
    readonly habits?: Habits;
    readonly limit?: number;
    readonly shards: number;
    readonly holdBytes: number;
    readonly purse?: EscrowTerms | undefined;
    readonly load: Omit<Load, 'route'>;
  }) {
    const { seed, habits, limit = PLENTY, shards, holdBytes, purse, load } = options;
    this.world = createWorld(seed, habits);
    this.shards = new ShardedBudget(this.world, { limit, shards, holdBytes, baseBytes: SIZES.head });
    this.escrow = purse && new Escrow(this.world, this.shards, purse);
    const budgets: readonly Budget[] = [this.escrow ?? this.shards];
    this.traffic = new Traffic(this.world, { ...load, route: () => budgets });
    this.#seedPurses = () => {
      if (this.escrow && purse) seedPurses(this.world, this.escrow, { purse, ...load });
    };
  }

  /** The long run from the first moment on: calls in flight, and purses of all ages. */
  seed(): void {
    this.#seedPurses();
    this.traffic.seed();
  }

  /** Runs up to a moment, and measures what happened since the last. */
  measureUntil(untilMs: number): Measures {
    const fromMs = this.world.queue.nowMs;
    const { outcomes } = this.traffic;
    const { usage } = this.world.dynamo;
    const before = { ...outcomes, reserveMs: [...outcomes.reserveMs], ...usage };
    this.world.queue.runUntil(untilMs);
    const offered = outcomes.offered - before.offered;
    const granted = outcomes.granted - before.granted;
    const refused = outcomes.refused - before.refused;
    const refusedWithEnough = outcomes.refusedWithEnough - before.refusedWithEnough;
    return {
      offered,
      grantedASecond: granted / ((untilMs - fromMs) / 1000),
      grantedShare: granted / offered,
      unavailableShare: (outcomes.unavailable - before.unavailable) / offered,
      refusedShare: refused / offered,
      falseShare: refused === 0 ? 0 : refusedWithEnough / refused,
      availableThen: (outcomes.availableThen - before.availableThen) / CALL / Math.max(1, refusedWithEnough),
      writeUnitsACall: (usage.writeUnits - before.writeUnits) / granted,
      readUnitsACall: (usage.readUnits - before.readUnits) / granted,
      reserveMs: percentile(outcomes.reserveMs, before.reserveMs, 0.99),
    };
  }
}

/** Draws every environment's purse beforehand: of any age, and spent as far as an environment can have come. */
export function seedPurses(
  { random }: World,
  escrow: Escrow,
  {
    purse,
    environments,
    callsASecond,
    boundOverActual,
  }: { readonly purse: EscrowTerms } & Pick<Load, 'environments' | 'callsASecond' | 'boundOverActual'>,
): void {
  const callsInItsTime = ((callsASecond / environments) * purse.usedForMs) / 1000;
  const callsInItsMoney = (purse.callsAPurse - 1) * boundOverActual;
  // It ends with its time or its money, and is replaced by the first call after that.
  const callsInAll = Math.min(callsInItsTime, callsInItsMoney) + 1;
  for (let environment = 0; environment < environments; environment++) {
    const calls = random() * callsInAll;
    const spent = Math.min(0.97, calls / callsInItsMoney);
    escrow.seedPurse(environment, purse.callsAPurse * CALL, calls / callsInItsTime, spent);
  }
}

function percentile(counts: readonly number[], before: readonly number[], share: number): number {
  // A sparse array: what did not happen is not there.
  const all = Array.from({ length: counts.length }, (_, ms) => (counts[ms] ?? 0) - (before[ms] ?? 0));
  let left = all.reduce((sum, count) => sum + count, 0) * share;
  return Math.max(
    0,
    all.findIndex((count) => (left -= count) <= 0),
  );
}
