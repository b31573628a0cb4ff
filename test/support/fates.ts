/**
 * What becomes of one request. `lost`: it never arrives. `unheard`: it lands, and its answer does not come. `late`: it lands
 * after its answer was given up. `slow`: it lands after others that were sent later, and is answered. `throttled`: the table says
 * that it is too busy, and does nothing.
 */
export type Fate = 'answered' | 'lost' | 'unheard' | 'late' | 'slow' | 'throttled';

/** Lays out what becomes of the nth request (from 1) of this operation to this item. */
export type FateOf = (operation: string, key: string, nth: number) => Fate;

/** Requests that meet the fates that a test lays out; what was asked is written down, and what is late can be let land. */
export class Fates {
  /** Operation and item of each request, as it was sent. */
  readonly asked: string[] = [];
  readonly #fateOf: FateOf;
  readonly #late: (() => unknown)[] = [];
  readonly #counts = new Map<string, number>();

  constructor(fateOf: FateOf = () => 'answered') {
    this.#fateOf = fateOf;
  }

  /** Does the request, or not. @param name of the request in `asked` @param throttled gives or throws what tells of a throttle */
  async meet<Result>(
    operation: string,
    key: string,
    land: () => Result,
    { name = key, throttled }: { readonly name?: string; readonly throttled: () => Result },
  ): Promise<Result> {
    const nth = (this.#counts.get(operation + key) ?? 0) + 1;
    this.#counts.set(operation + key, nth);
    this.asked.push(`${operation} ${name}`);
    const fate = this.#fateOf(operation, key, nth);
    // The way there: others may land first.
    await (fate === 'slow' ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve());
    if (fate === 'throttled') return throttled();
    if (fate === 'late') this.#late.push(land);
    if (fate === 'lost' || fate === 'late') throw new Error(`${operation} of ${key}: no answer`);
    const result = land();
    if (fate === 'unheard') throw new Error(`${operation} of ${key}: no answer`);
    return result;
  }

  /** Requests whose operation is one of these. */
  askedFor(...operations: readonly string[]): string[] {
    return this.asked.filter((each) => operations.includes(each.slice(0, each.indexOf(' '))));
  }

  /** Lets those requests land that were under way when they were given up. */
  landLate(): void {
    for (const land of this.#late.splice(0)) land();
  }
}
