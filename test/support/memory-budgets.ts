import { createBudgetBook } from '#budgets/budget-book.ts';
import type { ScopeName } from '#budgets/budget.ts';
import type { BudgetStores } from '#budgets/budgets.ts';
import type { Directory, List } from '#budgets/directory.ts';
import { Placement } from '#budgets/placement.ts';
import { Purses } from '#budgets/purses.ts';
import type { Holding } from '#budgets/reservation.ts';
import { NO_SETTINGS, type Settings, type SettingsStore } from '#budgets/settings.ts';
import { FakeClock } from './fake-clock.ts';
import { FatedParts } from './fated-parts.ts';
import { Fates, type FateOf } from './fates.ts';

export interface MemoryBudgetsOptions {
  /** What becomes of requests. @default all are answered */
  readonly fateOf?: FateOf;
  /** Another process over the same counters, names and settings. */
  readonly over?: MemoryBudgets;
  /** Uniform in [0, 1): which shard is the environment's own, among others. @default always 0 */
  readonly random?: () => number;
}

/** The room of budgets as one environment has it, over counters, names and settings in memory. */
export class MemoryBudgets implements BudgetStores, Holding {
  readonly clock: FakeClock;
  readonly parts: FatedParts;
  readonly directory: Directory;
  readonly settings: SettingsStore;
  readonly book: BudgetStores['book'];
  readonly placement: Placement;
  readonly purses: Purses;
  readonly #lists: Map<List, Set<string>>;
  readonly #settings: Map<ScopeName, Settings>;

  constructor({ fateOf, over, random = () => 0 }: MemoryBudgetsOptions = {}) {
    const fates = new Fates(fateOf);
    this.clock = over?.clock ?? new FakeClock();
    this.#lists = over ? over.#lists : new Map();
    this.#settings = over ? over.#settings : new Map();
    this.parts = new FatedParts(fates, over?.parts.counters);
    this.directory = this.#newDirectory(fates);
    this.settings = this.#newSettings(fates);
    this.book = createBudgetBook(this.parts, this.directory);
    this.placement = new Placement(this.parts, this.book, this.clock, random);
    this.purses = new Purses(this.parts, this.book, this.clock, random);
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
