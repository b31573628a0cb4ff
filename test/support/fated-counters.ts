import type { CounterState, CounterStore, Hold } from '#budgets/counter-store.ts';
import { heldPico } from '#budgets/hold.ts';
import type { Scope } from '#budgets/scopes.ts';

/** What becomes of one request to a counter; `late` lands after its answer was given up. */
export type Fate = 'answered' | 'lost' | 'unheard' | 'late';

/** Counters in memory, by the rules of the real ones, whose requests meet the fates that a test lays out. */
export class FatedCounters implements CounterStore {
  readonly counters = new Map<string, { available: bigint; spent: bigint; holds: Map<string, string> }>();
  readonly asked: string[] = [];
  readonly #late: (() => void)[] = [];
  readonly #fateOf: (operation: string, scope: string, nth: number) => Fate;
  readonly #counts = new Map<string, number>();

  constructor(fateOf: (operation: string, scope: string, nth: number) => Fate = () => 'answered') {
    this.#fateOf = fateOf;
  }

  /** Lets those requests land that were under way when they were given up. */
  landLate(): void {
    for (const land of this.#late.splice(0)) land();
  }

  async reserve(hold: Hold) {
    return this.#meet('reserve', hold, () => {
      const state = this.#stateOf(hold);
      if (state.holds.has(hold.id)) return { granted: true } as const;
      if (state.available < heldPico(hold.value)) return { granted: false, state: this.#shown(hold) } as const;
      state.available -= heldPico(hold.value);
      state.holds.set(hold.id, hold.value);
      return { granted: true } as const;
    });
  }

  async topUp(hold: Hold, next: string) {
    return this.#meet('topUp', hold, () => {
      const state = this.#stateOf(hold);
      const more = heldPico(next) - heldPico(hold.value);
      if (state.holds.get(hold.id) !== hold.value || state.available < more) return false;
      state.available -= more;
      state.holds.set(hold.id, next);
      return true;
    });
  }

  async settle(hold: Hold, actualPico: bigint) {
    return this.#meet('settle', hold, () => {
      const state = this.#stateOf(hold);
      if (state.holds.get(hold.id) !== hold.value) return false;
      state.holds.delete(hold.id);
      state.available += heldPico(hold.value) - actualPico;
      state.spent += actualPico;
      return true;
    });
  }

  async read(counter: Hold['counter']) {
    return this.#shown({ counter, id: '', value: '' });
  }

  /** Available, spent and held of a scope. */
  sums({ name, limitPico }: Scope): readonly [available: bigint, spent: bigint, held: bigint] {
    const state = this.counters.get(name);
    if (!state) return [limitPico, 0n, 0n];
    return [state.available, state.spent, [...state.holds.values()].reduce((sum, value) => sum + heldPico(value), 0n)];
  }

  async #meet<Result>(operation: string, hold: Hold, land: () => Result): Promise<Result> {
    const { name } = hold.counter.scope;
    const nth = (this.#counts.get(operation + name) ?? 0) + 1;
    this.#counts.set(operation + name, nth);
    this.asked.push(`${operation} ${name} ${hold.id.slice(-1)}`);
    await Promise.resolve();
    const fate = this.#fateOf(operation, name, nth);
    if (fate === 'late') this.#late.push(land);
    if (fate === 'lost' || fate === 'late') throw new Error(`${operation} of ${name}: no answer`);
    const result = land();
    if (fate === 'unheard') throw new Error(`${operation} of ${name}: no answer`);
    return result;
  }

  #stateOf({ counter }: Hold) {
    const { name, limitPico } = counter.scope;
    let state = this.counters.get(name);
    if (!state) this.counters.set(name, (state = { available: limitPico, spent: 0n, holds: new Map() }));
    return state;
  }

  #shown(hold: Hold): CounterState {
    const { available, spent, holds } = this.#stateOf(hold);
    return { limitPico: hold.counter.scope.limitPico, availablePico: available, spentPico: spent, holds };
  }
}
