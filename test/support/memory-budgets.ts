import { createBudgetBook } from '#budgets/budget-book.ts';
import { partKey, type Budget, type ScopeName } from '#budgets/budget.ts';
import type { BudgetStores } from '#budgets/budgets.ts';
import type { Directory, List } from '#budgets/directory.ts';
import { Placement } from '#budgets/placement.ts';
import { Purses } from '#budgets/purses.ts';
import { reserve, type Holding, type Reservation } from '#budgets/reservation.ts';
import { chargesFor, settle } from '#budgets/settlement.ts';
import { NO_SETTINGS, type Settings, type SettingsStore } from '#budgets/settings.ts';
import type { Clock } from '#platform/clock.ts';
import { FakeClock } from './fake-clock.ts';
import { FatedParts } from './fated-parts.ts';
import { Fates, type FateOf } from './fates.ts';
import { requestFor, type CallFacts } from './request-for.ts';

export interface MemoryBudgetsOptions {
  /** What becomes of requests. @default all are answered */
  readonly fateOf?: FateOf;
  /** Another process over the same counters, names and settings. */
  readonly over?: MemoryBudgets;
  /** Uniform in [0, 1): which shard is the environment's own, among others. @default always 0 */
  readonly random?: () => number;
  /** @default that of `over`, or a FakeClock */
  readonly clock?: Clock;
}

/** The room of budgets as one environment has it, over counters, names and settings in memory. */
export class MemoryBudgets implements BudgetStores, Holding {
  readonly clock: Clock;
  readonly random: () => number;
  readonly parts: FatedParts;
  readonly directory: Directory;
  readonly settings: SettingsStore;
  readonly book: BudgetStores['book'];
  readonly placement: Placement;
  readonly purses: Purses;
  readonly #lists: Map<List, Set<string>>;
  readonly #settings: Map<ScopeName, Settings>;

  constructor({ fateOf, over, clock, random = () => 0 }: MemoryBudgetsOptions = {}) {
    const fates = new Fates(fateOf);
    this.random = random;
    this.clock = clock ?? over?.clock ?? new FakeClock();
    this.#lists = over ? over.#lists : new Map();
    this.#settings = over ? over.#settings : new Map();
    this.parts = new FatedParts(fates, over?.parts.counters);
    this.directory = this.#newDirectory(fates);
    this.settings = this.#newSettings(fates);
    this.book = createBudgetBook(this.parts, this.directory);
    this.placement = new Placement(this.parts, this.book, this.clock, random);
    this.purses = new Purses(this.parts, this.book, this.clock, random);
  }

  /** A process that finds these budgets open. */
  static async having(budgets: readonly Budget[], options: MemoryBudgetsOptions = {}): Promise<MemoryBudgets> {
    const first = new MemoryBudgets();
    for (const budget of budgets) await first.book.openAndRead(budget);
    return new MemoryBudgets({ ...options, over: first });
  }

  /** Holds so much for a call that begins now. @throws when it is refused */
  async hold(amountPico: bigint, budgets: readonly Budget[], facts: CallFacts = {}): Promise<Reservation> {
    const killAtMs = this.clock.nowMs() + 30_000;
    const outcome = await reserve(this, requestFor(amountPico, budgets, { killAtMs, ...facts }));
    if (!outcome.granted) throw new Error(`refused by ${outcome.status.budget.scope}`);
    return outcome.reservation;
  }

  /** Settles a call by what it cost, and gives how many holds could not be settled. */
  settleAt(reservation: Reservation, costPico: bigint): Promise<number> {
    return settle(this.parts, reservation, chargesFor(reservation.places, costPico));
  }

  /** Available, spent and held in the shards of a budget together; purses that are out count as held. */
  sums({ key }: Pick<Budget, 'key'>): readonly [availablePico: bigint, spentPico: bigint, heldPico: bigint] {
    const shards = [...this.parts.counters.keys()].filter((part) => part.startsWith(`${key}#`) && !part.includes('#p'));
    const all = shards.map((part) => this.parts.sums(part));
    return [0, 1, 2].map((at) => all.reduce((sum, each) => sum + each[at]!, 0n)) as [bigint, bigint, bigint];
  }

  /** The same of one shard. */
  shard(budget: Pick<Budget, 'key'>, number: number): readonly [bigint, bigint, bigint] {
    return this.parts.sums(partKey(budget, number));
  }

  get fates(): Fates {
    return this.parts.fates;
  }

  #newDirectory(fates: Fates): Directory {
    const namesIn = (list: List) => {
      const names = this.#lists.get(list) ?? new Set();
      this.#lists.set(list, names);
      return names;
    };
    return {
      add: (list, name) => fates.meet('add', name, () => void namesIn(list).add(name), { throttled: noAnswer }),
      remove: (list, name) =>
        fates.meet('remove', name, () => void namesIn(list).delete(name), { throttled: noAnswer }),
      names: (list) => fates.meet('names', list, () => [...namesIn(list)].sort(), { throttled: noAnswer }),
    };
  }

  #newSettings(fates: Fates): SettingsStore {
    return {
      read: (scope) =>
        fates.meet('readSettings', scope, () => this.#settings.get(scope) ?? NO_SETTINGS, { throttled: noAnswer }),
      replace: (scope, settings) =>
        fates.meet(
          'replaceSettings',
          scope,
          () => {
            if ((this.#settings.get(scope) ?? NO_SETTINGS).revision !== settings.revision) return false;
            this.#settings.set(scope, { ...settings, revision: settings.revision + 1 });
            return true;
          },
          { throttled: noAnswer },
        ),
    };
  }
}

function noAnswer(): never {
  throw new Error('no answer');
}
