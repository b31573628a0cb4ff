import type { Construct } from 'constructs';
import type { Readable, Writable } from '#edge/specs.ts';
import type { BundleOf } from './bundle-of.ts';
import { EntryFunction, type EntryFunctionProps } from './entry-function.ts';
import type { State } from './state.ts';

export interface TableFunctionProps extends EntryFunctionProps {
  readonly bundle: BundleOf<'route'> | BundleOf<'authorizer'> | BundleOf<'schedule'> | BundleOf<'rotation'>;
  readonly tables: State['tables'];
}

/** The function of an entry that is no endpoint: it reaches the tables that its spec names, in the ways that the spec says. */
export class TableFunction extends EntryFunction {
  constructor(scope: Construct, id: string, { bundle, tables, environment, ...props }: TableFunctionProps) {
    const requests = [...requestsOf(bundle.entry.spec)];
    const variables = requests.map(
      ([table]) => [`WEIR_${table.toUpperCase()}_TABLE`, tables[table].tableName] as const,
    );
    super(scope, id, { ...props, bundle, environment: { ...Object.fromEntries(variables), ...environment } });
    for (const [table, actions] of requests) this.allow(tables[table].tableArn, ...actions);
  }
}

/** How each table is read: the ledger and the audit trail by their days, a caller by its key or its id, a budget's parts one by one or all at once. */
const READING: Readonly<Record<Readable, readonly string[]>> = {
  ledger: ['dynamodb:Query'],
  callers: ['dynamodb:GetItem'],
  budgets: ['dynamodb:GetItem'],
  audit: ['dynamodb:Query'],
};

/** How each table is written, and what must be read for it. Nothing is ever deleted from any. */
const WRITING: Readonly<Record<Writable, readonly string[]>> = {
  // Append-only: an entry that already stands is read, and never changed.
  ledger: ['dynamodb:GetItem', 'dynamodb:PutItem'],
  budgets: [...READING.budgets, 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  // Records are put, the names in the directory added.
  callers: [...READING.callers, 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  // Append-only, and who writes cannot read what others did.
  audit: ['dynamodb:PutItem'],
};

/** What a spec's `reads` and `writes` come to, by table. An authorizer writes nothing. */
function requestsOf(spec: TableFunctionProps['bundle']['entry']['spec']): Map<Readable, readonly string[]> {
  const requests = new Map<Readable, readonly string[]>(spec.reads.map((table) => [table, READING[table]]));
  for (const table of 'writes' in spec ? spec.writes : []) {
    requests.set(table, [...new Set([...(requests.get(table) ?? []), ...WRITING[table]])]);
  }
  return requests;
}
