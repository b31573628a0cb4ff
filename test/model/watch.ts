import { amountOf, budgetOf, isDraw, isEscrow, isPurse, ownerOf, partOf, scopeOf, spanOf } from './names.ts';
import { endOf } from './environment.ts';
import type { Change, Settings, World } from './world.ts';
import { share } from './world.ts';

interface InForce {
  readonly total: number;
  readonly source: number;
}

interface Answer {
  readonly at: number;
  readonly source: number;
  readonly limits: Settings['limits'];
}

const NOTHING: Answer = { at: 0, source: -1, limits: {} };

export class Failure extends Error {}

export function must(holds: boolean, failure: string): asserts holds {
  if (!holds) throw new Failure(failure);
}

/** Who watches from outside: knows which limits are in force, and looks at every part that a request has touched. */
export class Watch {
  private readonly world: World;
  private readonly dirty = new Set<string>();
  /** Budget → limits of which each may be in force: one, and more while a change is under way. */
  private readonly limits = new Map<string, InForce[]>();
  /** Budget → the last revision that was done to the end. */
  private readonly done = new Map<string, number>();
  /** Scope → changes that were answered as done. */
  private readonly answered = new Map<string, Answer[]>();

  constructor(world: World) {
    this.world = world;
  }

  touched(part: string): void {
    this.dirty.add(part);
  }

  opened(budget: string, total: number, source: number): void {
    must(this.mayBe(budget, { total, source }), 'a head was opened with a limit that is no more');
    this.limits.set(budget, [{ total, source }]);
    this.done.set(budget, 0);
  }

  taken(budget: string, change: Change): void {
    must(this.mayBe(budget, change), 'a limit that is no more came back');
    this.limits.get(budget)?.push(change);
  }

  /** Of an escrow budget, purses may still be open that were drawn under another limit. */
  completed(budget: string, { revision, total, source }: Change): void {
    this.done.set(budget, revision);
    if (!isEscrow(budget)) this.limits.set(budget, [{ total, source }]);
  }

  /** A sweeper that found an escrow budget at this revision has gone through it. */
  swept(budget: string, revision: number): void {
    const head = this.world.head(budget);
    if (!isEscrow(budget) || head?.revision !== revision) return;
    this.limits.set(budget, [{ total: head.total, source: head.source }]);
  }

  /** Whoever asked for the change was told that it is done: no older limit is in force, nor will be. */
  told(scope: string, { revision, limits }: Settings, budgets: readonly string[]): void {
    const told = this.answered.get(scope) ?? [];
    told.push({ at: this.world.now, source: revision, limits });
    this.answered.set(scope, told);
    for (const budget of budgets) {
      if (isEscrow(budget) || this.isFrozen(budget)) continue;
      const done = this.limits.get(budget)?.every((limit) => this.mayBe(budget, limit));
      must(done === true, 'a change was answered that is not done');
    }
  }

  /** Whether a limit may be in force after all that was answered: it is as new, or no higher. */
  private mayBe(budget: string, { total, source }: InForce): boolean {
    const answers = this.answered.get(scopeOf(budget))?.filter(({ at }) => at < endOf(this.world, budget)) ?? [];
    const newest = answers.reduce((one, other) => (other.source > one.source ? other : one), NOTHING);
    return source >= newest.source || total <= (newest.limits[spanOf(budget)] ?? Infinity);
  }

  /** In debt, nothing is held anywhere. */
  private isFrozen(budget: string): boolean {
    const { parts } = this.world;
    const most = this.world.head(budget)?.most ?? 0;
    return Array.from({ length: most }).every((_, shard) => parts.get(partOf(budget, shard))?.frozen !== undefined);
  }

  granted(part: string): void {
    this.touched(part);
    const budget = budgetOf(part);
    const inForce = this.limits.get(budget)?.filter((limit) => this.mayBe(budget, limit)) ?? [];
    const used = isPurse(part) ? this.usedOfEscrow(budget, part) : this.usedOf(budget);
    must(used <= Math.max(...inForce.map(({ total }) => total)), 'held above the limit in force');
  }

  /** What is spent or held: all that is not available. */
  private usedOf(budget: string): number {
    const { parts } = this.world;
    const most = this.world.head(budget)?.most ?? 0;
    let used = 0;
    for (let shard = 0; shard < most; shard++) {
      const part = parts.get(partOf(budget, shard));
      if (part) used += part.limit - part.available;
    }
    return used;
  }

  /** Calls' own money alone: a purse counts by what is taken from it. */
  private usedOfEscrow(budget: string, asked: string): number {
    const head = this.world.head(budget);
    must(head !== undefined, 'a purse without a head');
    let used = head.limit - head.available;
    let backed = false;
    for (const [id, value] of head.holds) {
      if (!isDraw(id)) continue;
      const name = partOf(budget, ownerOf(value));
      const purse = this.world.parts.get(name);
      used += (purse ? purse.limit - purse.available : 0) - amountOf(value);
      if (name === asked) backed = true;
    }
    must(backed, 'a purse gives money that its head does not hold');
    return used;
  }

  /** After every step: each part adds up, and the shares of each budget, unless a change is under way. */
  check(): void {
    for (const name of this.dirty) {
      const part = this.world.parts.get(name);
      if (!part) continue;
      let held = 0;
      for (const value of part.holds.values()) held += amountOf(value);
      must(part.available + part.spent + held === part.limit, 'available + spent + held is not the limit');
      if (!isPurse(name)) this.checkShares(budgetOf(name));
    }
    this.dirty.clear();
  }

  private checkShares(budget: string): void {
    const head = this.world.head(budget);
    if (!head || head.revision !== this.done.get(budget)) return;
    let limits = 0;
    for (let shard = 0; shard < head.most; shard++) {
      const part = this.world.parts.get(partOf(budget, shard));
      limits += part ? part.limit : head.revision === 0 ? share(head.total, head.shards, shard) : 0;
    }
    must(limits === head.total, 'the shards’ limits are not the total');
  }
}
