import { partKey, shareOf, type Budget } from './budget.ts';
import type { Directory } from './directory.ts';
import type { PartState } from './part.ts';
import type { PartStore } from './part-store.ts';

/** A budget as it stands: its head, and the shards that it has now. */
export interface BudgetState {
  readonly head: PartState;
  /** Those in use, the head first, by number. Further ones may be missing while a change is under way. */
  readonly shards: readonly PartState[];
  /** Those that a change has taken out of use: what they spent counts, what comes back to them is moved by the sweeper. */
  readonly retired: readonly PartState[];
}

/** All shards of a budget. */
export function partsOf({ shards, retired }: BudgetState): readonly PartState[] {
  return [...shards, ...retired];
}

/** Reads budgets, and opens them when their window is new. */
export interface BudgetBook {
  /** The budget as it stands; what should be open and is not, is opened. @throws when the table does not answer */
  openAndRead(budget: Budget): Promise<BudgetState>;
  /** The head, opened if need be. */
  openHead(budget: Budget): Promise<PartState>;
  /** As it stands, all shards that it ever had included; undefined: nobody has opened it. */
  read(key: string): Promise<BudgetState | undefined>;
}

export function createBudgetBook(parts: PartStore, directory: Directory): BudgetBook {
  /** The name comes first: what holds money must be found by the sweeper. */
  const openHead = async (budget: Budget): Promise<PartState> => {
    const key = partKey(budget, 0);
    const standing = await parts.read(key);
    if (standing) return standing;
    await directory.add('open', budget.key);
    const { limitPico, shards, source } = budget;
    const sharePico = shareOf(limitPico, shards, 0);
    const head = { totalPico: limitPico, shards, source };
    await parts.open({ ...fresh(key, sharePico), head });
    // Somebody else's may have come first: theirs counts.
    const opened = await parts.read(key);
    if (!opened) throw new Error(`the head of ${budget.key} was opened, and is not there`);
    return opened;
  };

  const readShards = async (budget: { readonly key: string }, head: PartState) => {
    const { most } = head.head!;
    return [head, ...(await Promise.all(range(1, most).map((shard) => parts.read(partKey(budget, shard)))))];
  };

  const stateOf = (head: PartState, standing: readonly (PartState | undefined)[]): BudgetState => ({
    head,
    shards: standing.slice(0, head.head!.shards).filter((shard) => shard !== undefined),
    retired: standing.slice(head.head!.shards).filter((shard) => shard !== undefined),
  });

  return {
    openHead,
    async openAndRead(budget) {
      const head = await openHead(budget);
      const { totalPico, shards: count, revision } = head.head!;
      const standing = await readShards(budget, head);
      // After the first change all shards are opened by the change that makes them, or twice the money would be there.
      if (revision === 0) {
        for (const shard of range(1, count)) {
          if (standing[shard]) continue;
          await parts.open(fresh(partKey(budget, shard), shareOf(totalPico, count, shard)));
          standing[shard] = await parts.read(partKey(budget, shard));
        }
      }
      return stateOf(head, standing);
    },
    async read(key) {
      const head = await parts.read(partKey({ key }, 0));
      return head && stateOf(head, await readShards({ key }, head));
    },
  };
}

function fresh(key: string, limitPico: bigint) {
  return { key, limitPico, availablePico: limitPico, spentPico: 0n, holds: new Map<string, string>() };
}

function range(from: number, until: number): number[] {
  return Array.from({ length: Math.max(0, until - from) }, (_, index) => from + index);
}
