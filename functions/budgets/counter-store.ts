import { integerOf, type StoredItem } from '#platform/aws/attributes.ts';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import { heldPico } from './hold.ts';
import type { Counter } from './scopes.ts';

/** A counter as it stands. Always: `availablePico + spentPico + Σ holds = limitPico`. */
export interface CounterState {
  readonly limitPico: bigint;
  readonly availablePico: bigint;
  readonly spentPico: bigint;
  /** Hold id → stored value. */
  readonly holds: ReadonlyMap<string, string>;
}

/** One hold: where it stands, its id, and the exact value stored, which conditions compare. */
export interface Hold {
  readonly counter: Counter;
  readonly id: string;
  readonly value: string;
}

export type ReserveResult = { readonly granted: true } | { readonly granted: false; readonly state: CounterState };

/**
 * The counters. Each method is one conditional write on one item, and DynamoDB orders the writes of an item, so no two
 * processes can take the same money:
 *
 *     A  reserve 7 IF available ≥ 7 ──► ok, available 10 → 3
 *     B       reserve 7 IF available ≥ 7 ──► condition fails, nothing taken
 */
export interface CounterStore {
  /** Takes `hold` out of what is available, opening the counter when the window is new. @throws when the table does not answer */
  reserve(hold: Hold): Promise<ReserveResult>;
  /** Raises a standing hold to `next`. False: not enough left, or the hold is gone. @throws when the table does not answer */
  topUp(hold: Hold, next: string): Promise<boolean>;
  /** Replaces a hold by what was really spent. False: already settled, nothing changed (L6). */
  settle(hold: Hold, actualPico: bigint): Promise<boolean>;
  read(counter: Counter): Promise<CounterState | undefined>;
}

/** A condition may fail because the world moved between two requests; after so many moves nobody can say whether it fits. */
const MAX_TRIES = 5;

export function createCounterStore(dynamo: DynamoDb, table: string): CounterStore {
  const read = async (counter: Counter) => {
    const item = await dynamo.get(table, { pk: counter.key }, { consistent: true });
    return item && toState(item);
  };

  const open = ({ key, scope }: Counter) =>
    dynamo.put(
      table,
      { pk: key, limit: scope.limitPico, available: scope.limitPico, spent: 0n, holds: {} },
      { condition: 'attribute_not_exists(pk)' },
    );

  const reserveOnce = ({ counter, id, value }: Hold) =>
    dynamo.update(
      table,
      { pk: counter.key },
      'SET available = available - :max, holds.#id = :hold',
      {
        condition: 'available >= :max AND attribute_not_exists(holds.#id)',
        names: { '#id': id },
        values: { ':max': heldPico(value), ':hold': value },
      },
      // Sent once: a repeat of a request that landed would find its own hold, one that is still on its way would not.
      { attempts: 1 },
    );

  return {
    read,
    async reserve(hold) {
      for (let tries = 1; ; tries++) {
        if ((await reserveOnce(hold)) === 'written') return { granted: true };
        const state = await read(hold.counter);
        if (!state) await open(hold.counter);
        else if (state.holds.has(hold.id)) return { granted: true };
        else if (state.availablePico < heldPico(hold.value)) return { granted: false, state };
        else if (tries >= MAX_TRIES)
          throw new Error(`the counter ${hold.counter.key} changes faster than it can be read`);
      }
    },
    async topUp({ counter, id, value }, next) {
      const written = await dynamo.update(
        table,
        { pk: counter.key },
        'SET available = available - :more, holds.#id = :new',
        {
          condition: 'available >= :more AND holds.#id = :old',
          names: { '#id': id },
          values: { ':more': heldPico(next) - heldPico(value), ':new': next, ':old': value },
        },
      );
      // A repeat after a lost answer meets its own success.
      return written === 'written' || (await read(counter))?.holds.get(id) === next;
    },
    async settle({ counter, id, value }, actualPico) {
      const written = await dynamo.update(
        table,
        { pk: counter.key },
        'SET available = available + :heldMinusActual, spent = spent + :actual REMOVE holds.#id',
        {
          condition: 'holds.#id = :hold',
          names: { '#id': id },
          values: { ':heldMinusActual': heldPico(value) - actualPico, ':actual': actualPico, ':hold': value },
        },
      );
      return written === 'written';
    },
  };
}

function toState(item: StoredItem): CounterState {
  return {
    limitPico: integerOf(item, 'limit'),
    availablePico: integerOf(item, 'available'),
    spentPico: integerOf(item, 'spent'),
    holds: new Map(Object.entries(item['holds'] as Record<string, string>)),
  };
}
