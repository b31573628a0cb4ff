/** A DynamoDB table as CDK and the local run both make it. All keys are strings. */
export interface TableDefinition {
  /** Short name: `weir-<name>` on the laptop. */
  readonly name: 'cache' | 'ledger' | 'budgets' | 'callers' | 'audit' | 'jobs';
  readonly partitionKey: 'pk';
  readonly sortKey?: 'sk';
  /** Attribute with the epoch second after which an item may go. */
  readonly ttlAttribute?: 'expiresAt';
  /** Losing it loses money's trace: point-in-time recovery, deletion protection, and it outlives its stack. */
  readonly precious: boolean;
}

/** What each table is called in a deployment. */
export type TableNames = Readonly<Record<TableDefinition['name'], string>>;

/** DESIGN's tables. */
export const TABLES: readonly TableDefinition[] = [
  { name: 'cache', partitionKey: 'pk', ttlAttribute: 'expiresAt', precious: false },
  { name: 'ledger', partitionKey: 'pk', sortKey: 'sk', precious: true },
  // Only what environments draw for themselves has an end; counters of limits have none.
  { name: 'budgets', partitionKey: 'pk', ttlAttribute: 'expiresAt', precious: true },
  { name: 'callers', partitionKey: 'pk', precious: true },
  // By days. What was done to callers and budgets is kept for good.
  { name: 'audit', partitionKey: 'pk', sortKey: 'sk', precious: true },
  { name: 'jobs', partitionKey: 'pk', ttlAttribute: 'expiresAt', precious: false },
];
