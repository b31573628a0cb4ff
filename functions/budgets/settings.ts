import { integerOf, type StoredItem } from '#platform/aws/attributes.ts';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import type { ScopeName } from './budget.ts';
import { WINDOW_KINDS, type WindowKind } from './windows.ts';

/** What an administrator has set for a scope. What is absent follows the endpoint's spec, or has no limit. */
export interface Settings {
  readonly limitsPico: Readonly<Partial<Record<WindowKind, bigint>>>;
  readonly shards?: number;
  /** Counts the changes; 0: nothing was ever set. */
  readonly revision: number;
}

/** The settings of scopes: one item a scope in the budgets table. */
export interface SettingsStore {
  /** As they stand now (strongly consistent). @throws when the table does not answer: limits are not guessed */
  read(scope: ScopeName): Promise<Settings>;
  /** Replaces them if nobody else has since `settings` were read. */
  replace(scope: ScopeName, settings: Settings): Promise<boolean>;
}

export const NO_SETTINGS: Settings = { limitsPico: {}, revision: 0 };

export function createSettingsStore(dynamo: DynamoDb, table: string): SettingsStore {
  return {
    async read(scope) {
      const item = await dynamo.get(table, keyOf(scope), { consistent: true });
      return item ? toSettings(item) : NO_SETTINGS;
    },
    async replace(scope, { limitsPico, shards, revision }) {
      const item = { ...keyOf(scope), ...limitsPico, shards, revision: revision + 1 };
      const written = await dynamo.put(table, item, {
        condition: revision === 0 ? 'attribute_not_exists(pk)' : 'revision = :revision',
        ...(revision > 0 && { values: { ':revision': revision } }),
      });
      return written === 'written';
    },
  };
}

function keyOf(scope: ScopeName) {
  return { pk: `settings#${scope}` };
}

function toSettings(item: StoredItem): Settings {
  const limits = WINDOW_KINDS.flatMap((kind) => (item[kind] === undefined ? [] : [[kind, integerOf(item, kind)]]));
  return {
    limitsPico: Object.fromEntries(limits) as Settings['limitsPico'],
    ...(item['shards'] !== undefined && { shards: Number(integerOf(item, 'shards')) }),
    revision: Number(integerOf(item, 'revision')),
  };
}
