import { partKey, shareOf, type Budget } from './budget.ts';
import type { Directory } from './directory.ts';
import type { PartState } from './part.ts';
import type { PartStore } from './part-store.ts';

/** A budget as it stands: its head, and the shards that it has now. */
export interface BudgetState {
  readonly head: PartState;
  /** The head first, by number. Further ones may be missing while a change is under way. */
  readonly shards: readonly PartState[];
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

  const readShards = (budget: { readonly key: string }, head: PartState, count: number) =>
    Promise.all(range(1, count).map((shard) => parts.read(partKey(budget, shard)))).then((others) => [head, ...others]);

  return {
    openHead,
    async openAndRead(budget) {
      const head = await openHead(budget);
      const { totalPico, shards: count, revision } = head.head!;
      const shards = await readShards(budget, head, count);
      // After the first change all shards are opened by the change that makes them, or twice the money would be there.
      if (revision === 0) {
        for (const shard of range(1, count)) {
          if (shards[shard]) continue;
          await parts.open(fresh(partKey(budget, shard), shareOf(totalPico, count, shard)));
          shards[shard] = await parts.read(partKey(budget, shard));
        }
      }
      return { head, shards: shards.filter((shard) => shard !== undefined) };
    },
    async read(key) {
      const head = await parts.read(partKey({ key }, 0));
      if (!head) return undefined;
      const shards = await readShards({ key }, head, head.head!.most);
      return { head, shards: shards.filter((shard) => shard !== undefined) };
    },
  };
}

function fresh(key: string, limitPico: bigint) {
  return { key, limitPico, availablePico: limitPico, spentPico: 0n, holds: new Map<string, string>() };
}

function range(from: number, until: number): number[] {
  return Array.from({ length: Math.max(0, until - from) }, (_, index) => from + index);
}
