import { isDeepStrictEqual } from 'node:util';
import { fromAttributes, textOf, toAttributes, type Storable, type StoredItem } from '#platform/aws/attributes.ts';
import type { DynamoDb, Expression, Written } from '#platform/aws/dynamodb.ts';

type Item = { readonly [name: string]: Storable | undefined };

/** What stood in a place before a write, and what stands there since. */
export interface Change {
  /** `budgets` or `ledger`. */
  readonly table: string;
  readonly key: string;
  readonly before: StoredItem | undefined;
  readonly after: StoredItem;
}

/**
 * The tables of one run. Writes go to DynamoDB, under keys that no other run has, and their conditions are decided there. What
 * each has left behind is kept: reads are answered from it, which is what a strongly consistent read of DynamoDB gives and half of
 * the requests, and whoever watches can look at all of it after every step. `assertAsKept` compares at the end.
 */
export class Tables {
  /** `<table> <key>` → the item as DynamoDB gave it back. */
  readonly items = new Map<string, StoredItem>();
  writes = 0;
  readonly #dynamo: DynamoDb;
  readonly #prefix: string;
  readonly #onWrite: (change: Change) => void;

  /** @param prefix stands before every key @param onWrite may throw: then the run has failed */
  constructor(dynamo: DynamoDb, prefix: string, onWrite: (change: Change) => void) {
    this.#dynamo = dynamo;
    this.#prefix = prefix;
    this.#onWrite = onWrite;
  }

  get(table: string, key: Item): StoredItem | undefined {
    return this.items.get(`${table} ${nameOf(key)}`);
  }

  async put(table: string, item: Item, expression?: Expression): Promise<Written> {
    const written = await this.#dynamo.put(table, this.#own(item), expression, { attempts: 1 });
    if (written === 'written') this.#note(table, item, asStored(item));
    return written;
  }

  /** An update with what it has left: the product asks now for the one, now for the other. */
  async updated(table: string, key: Item, update: string, expression: Expression): Promise<StoredItem | undefined> {
    const item = await this.#dynamo.updated(table, this.#own(key), update, expression, { attempts: 1 });
    if (!item) return undefined;
    const after = { ...item, ...asStored(key) };
    this.#note(table, key, after);
    return after;
  }

  /** @throws when DynamoDB has anything else than what is kept here */
  async assertAsKept(): Promise<void> {
    const names = [...this.items.keys()];
    for (const table of new Set(names.map((name) => name.split(' ')[0]!))) {
      const keys = names.filter((name) => name.startsWith(`${table} `)).map((name) => keyOf(name));
      const stored = await this.#dynamo.batchGet(
        table,
        keys.map((key) => this.#own(key)),
      );
      for (const item of stored) {
        const pk = textOf(item, 'pk').slice(this.#prefix.length);
        const kept = this.get(table, { ...item, pk });
        if (!isDeepStrictEqual({ ...item, pk }, kept)) throw new Error(`${pk} is not as DynamoDB has it`);
      }
      if (stored.length !== keys.length) throw new Error(`${table} has ${stored.length} of ${keys.length} items`);
    }
  }

  #own(item: Item): Item {
    return { ...item, pk: this.#prefix + nameOf({ pk: item['pk'] }) };
  }

  #note(table: string, key: Item, after: StoredItem): void {
    const name = `${table} ${nameOf(key)}`;
    const before = this.items.get(name);
    this.items.set(name, after);
    this.writes += 1;
    this.#onWrite({ table: shortName(table), key: nameOf(key), before, after });
  }
}

/** An item by its key: `pk`, or `pk sk`. */
export function nameOf({ pk, sk }: Item): string {
  return [pk, sk].filter((part) => typeof part === 'string').join(' ');
}

function keyOf(name: string): Item {
  const [, pk, sk] = name.split(' ');
  return { pk, sk };
}

function shortName(table: string): string {
  return table.slice(table.lastIndexOf('-') + 1);
}

function asStored(item: Item): StoredItem {
  return fromAttributes(toAttributes(item));
}
