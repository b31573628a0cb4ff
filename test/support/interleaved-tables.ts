import { fromAttributes, toAttributes, type Storable, type StoredItem } from '#platform/aws/attributes.ts';
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
 * The tables of one run. Requests go to DynamoDB, under keys that no other run has; what each write left behind is kept, so
 * that whoever watches can look at all of it after every step without asking.
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

  /** Whether it was ever written. */
  has(table: string, key: Item): boolean {
    return this.items.has(nameOf(table, key));
  }

  async get(table: string, key: Item): Promise<StoredItem | undefined> {
    const item = await this.#dynamo.get(table, this.#own(key), { consistent: true, attempts: 1 });
    return item && { ...item, ...asStored(key) };
  }

  async put(table: string, item: Item, expression?: Expression): Promise<Written> {
    const written = await this.#dynamo.put(table, this.#own(item), expression, { attempts: 1 });
    if (written === 'written') this.#note(table, item, asStored(item));
    return written;
  }

  /** An update with what it has left: the product asks now for the one, now for the other. */
  async updated(
    table: string,
    key: Item,
    update: string,
    expression: Expression,
  ): Promise<StoredItem | undefined> {
    const item = await this.#dynamo.updated(table, this.#own(key), update, expression, { attempts: 1 });
    if (!item) return undefined;
    const after = { ...item, ...asStored(key) };
    this.#note(table, key, after);
    return after;
  }

  #own(item: Item): Item {
    return { ...item, pk: this.#prefix + String(item['pk']) };
  }

  #note(table: string, key: Item, after: StoredItem): void {
    const name = nameOf(table, key);
    const before = this.items.get(name);
    this.items.set(name, after);
    this.writes += 1;
    this.#onWrite({ table: shortName(table), key: name.slice(table.length + 1), before, after });
  }
}

/** `pk`, or `pk sk`. */
function nameOf(table: string, { pk, sk }: Item): string {
  return `${table} ${String(pk)}${sk === undefined ? '' : ` ${String(sk)}`}`;
}

function shortName(table: string): string {
  return table.slice(table.lastIndexOf('-') + 1);
}

function asStored(item: Item): StoredItem {
  return fromAttributes(toAttributes(item));
}
