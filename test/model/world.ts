import { amountOf, budgetOf, isEscrow, partOf } from './names.ts';
import { Ledger } from './ledger.ts';
import type { Rule } from './rules.ts';

/** Who looks on, and says what must not be. */
export interface Watcher {
  touched(part: string): void;
  opened(budget: string, total: number, source: number): void;
  taken(budget: string, change: Change): void;
  completed(budget: string, change: Change): void;
  swept(budget: string, revision: number): void;
  told(scope: string, settings: Settings, budgets: readonly string[]): void;
  granted(part: string): void;
  check(): void;
}

/** One item of the budgets table. */
export interface Part {
  limit: number;
  available: number;
  spent: number;
  readonly holds: Map<string, string>;
  /** The revision that froze it, while it is frozen. */
  frozen: number | undefined;
  /** The last revision that touched it; it stays when the part thaws. */
  revision: number;
  /** What the head knows beside. */
  total: number;
  shards: number;
  most: number;
  source: number;
}

/** The settings of a scope: limits by window, and the number of shards. */
export interface Settings {
  readonly revision: number;
  readonly limits: { readonly m?: number; readonly d?: number };
  readonly shards: number;
}

/** Of a total, what a new budget's shard gets: equal shares, the head with the rest. */
export function share(total: number, shards: number, shard: number): number {
  const each = Math.floor(total / shards);
  return shard === 0 ? total - each * (shards - 1) : each;
}

export interface Change {
  readonly revision: number;
  readonly source: number;
  readonly total: number;
  readonly shards: number;
}

/** What stands in DynamoDB, and the requests of PROTOCOL.md. Each method is one conditional write of one item. */
export class World {
  /** The true time, in seconds. */
  now = 1000;
  readonly parts = new Map<string, Part>();
  readonly directory = new Set<string>();
  readonly settings = new Map<string, Settings>();
  readonly ledger = new Ledger();
  readonly late: { at: number; land: () => unknown }[] = [];
  readonly seen = new Map<string, number>();
  readonly watch: Watcher;
  readonly random: () => number;
  readonly without: Rule | undefined;
  /** Whose step it is, for the trace; and how far its clock is from the truth. */
  who = '';
  skew = 0;
  /** For how long the process sleeps whose step it is. */
  sleep = 0;
  /** How often a request has no answer. */
  silence = 0;
  readonly windowSeconds: { readonly m: number; readonly d: number };

  constructor(
    random: () => number,
    windowSeconds: { m: number; d: number },
    watchedBy: (world: World) => Watcher,
    without?: Rule,
  ) {
    this.random = random;
    this.windowSeconds = windowSeconds;
    this.without = without;
    this.watch = watchedBy(this);
  }

  /** What the clock shows of the process whose step it is. */
  clock(): number {
    return this.now + this.skew;
  }

  holds(rule: Rule): boolean {
    return this.without !== rule;
  }
  note(event: string): void {
    this.seen.set(event, (this.seen.get(event) ?? 0) + 1);
  }
  chance(probability: number): boolean {
    return this.random() < probability;
  }
  whole(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }
  pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.random() * of.length)] as T;
  }

  head(budget: string): Part | undefined {
    return this.parts.get(partOf(budget, 0));
  }

  openHead(budget: string, total: number, shards: number, source: number): boolean {
    if (this.head(budget)) return false;
    this.watch.opened(budget, total, source);
    return this.open(partOf(budget, 0), share(total, shards, 0), { total, shards, most: shards, source });
  }

  openShard(part: string, limit: number, frozen?: number): boolean {
    return this.open(part, limit, frozen === undefined ? {} : { frozen, revision: frozen });
  }

  private open(part: string, limit: number, more: Partial<Part>): boolean {
    if (this.parts.has(part)) return false;
    const none = { spent: 0, frozen: undefined, revision: 0, total: 0, shards: 0, most: 0, source: 0 };
    this.parts.set(part, { limit, available: limit, holds: new Map(), ...none, ...more });
    this.watch.touched(part);
    return true;
  }

  reserve(part: string, id: string, value: string): boolean {
    const item = this.parts.get(part);
    if (!item || item.available < amountOf(value) || item.holds.has(id) || item.frozen !== undefined) return false;
    item.available -= amountOf(value);
    item.holds.set(id, value);
    this.watch.granted(part);
    return true;
  }

  topUp(part: string, id: string, old: string, next: string): boolean {
    const item = this.parts.get(part);
    const more = amountOf(next) - amountOf(old);
    if (!item || item.available < more || item.holds.get(id) !== old || item.frozen !== undefined) return false;
    item.available -= more;
    item.holds.set(id, next);
    this.watch.granted(part);
    return true;
  }

  settle(part: string, id: string, value: string, actual: number): boolean {
    const item = this.parts.get(part);
    if (item?.holds.get(id) !== value) return false;
    item.available += amountOf(value) - actual;
    item.spent += actual;
    item.holds.delete(id);
    this.watch.touched(part);
    return true;
  }

  adjust(part: string, delta: number, mark: string, zero: string): boolean {
    const item = this.parts.get(part);
    if (!item || item.holds.has(mark)) return false;
    item.available -= delta;
    item.spent += delta;
    if (this.holds('marks')) item.holds.set(mark, zero);
    this.watch.touched(part);
    return true;
  }

  /** Begins a change at the head. A budget of one part is changed here and now. */
  take(budget: string, { revision, source, total, shards }: Change): boolean {
    const head = this.head(budget);
    if (!head || head.revision !== revision - 1 || head.source > source) return false;
    head.revision = revision;
    head.source = source;
    head.most = Math.max(head.most, shards);
    this.watch.taken(budget, { revision, source, total, shards });
    if (head.most > 1) head.frozen = revision;
    else this.become(budget, head, total, { revision, source, total, shards });
    this.watch.touched(partOf(budget, 0));
    return true;
  }

  /** Of a shard, at a revision; of a purse, for good (revision 1). */
  freeze(part: string, revision: number): 'frozen' | 'absent' | 'later' {
    const item = this.parts.get(part);
    if (!item) return 'absent';
    const later = this.holds('kept-revision') ? item.revision >= revision : (item.frozen ?? 0) >= revision;
    if (later) return item.frozen === revision ? 'frozen' : 'later';
    item.frozen = revision;
    item.revision = revision;
    this.watch.touched(part);
    return 'frozen';
  }

  /** Gives a frozen part its new limit; it thaws if it may. */
  share(part: string, old: number, limit: number, revision: number, thaw: boolean, head?: Change): boolean {
    const item = this.parts.get(part);
    if (!item || item.limit !== old || (item.frozen !== revision && this.holds('freeze-first'))) return false;
    if (thaw) item.frozen = undefined;
    if (head) this.become(budgetOf(part), item, limit, head);
    else {
      item.available += limit - item.limit;
      item.limit = limit;
    }
    this.watch.touched(part);
    return true;
  }

  private become(budget: string, head: Part, limit: number, { revision, source, total, shards }: Change): void {
    head.available += limit - head.limit;
    Object.assign(head, { limit, total, shards, source });
    if (isEscrow(budget)) this.note('limit of the account changed');
    this.watch.completed(budget, { revision, source, total, shards });
  }
}
