import { BatchWriteItemCommand, DynamoDBClient, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Config } from '#platform/config.ts';

/** One item, as DynamoDB gives it. */
export type RawItem = Readonly<Record<string, AttributeValue>>;
/** All items of a Weir's tables. */
export type Dump = Readonly<Record<keyof Config['tables'], readonly RawItem[]>>;

/** DynamoDB's limit of a batch. */
const MAX_BATCH_PUT = 25;

function clientFor(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
}

/** Reads every item of every table. */
export async function dumpTables(endpoint: string, tables: Config['tables']): Promise<Dump> {
  const client = clientFor(endpoint);
  const scan = async (table: string): Promise<RawItem[]> => {
    const items: RawItem[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(
        new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: from }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  };
  try {
    const dumps = Object.entries(tables).map(async ([name, table]) => [name, await scan(table)] as const);
    return Object.fromEntries(await Promise.all(dumps)) as unknown as Dump;
  } finally {
    client.destroy();
  }
}

/** Puts every item of a dump into tables that are empty. */
export async function restoreTables(endpoint: string, tables: Config['tables'], dump: Dump): Promise<void> {
  const client = clientFor(endpoint);
  try {
    for (const [name, items] of Object.entries(dump)) {
      const table = tables[name as keyof Dump];
      for (let at = 0; at < items.length; at += MAX_BATCH_PUT) {
        const puts = items.slice(at, at + MAX_BATCH_PUT).map((item) => ({ PutRequest: { Item: item } }));
        await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
      }
    }
  } finally {
    client.destroy();
  }
}

/** A dump as lines that can be compared: one an item, in an order of their own, members and sets in order too. */
export function linesOf(dump: Partial<Dump>): string[] {
  const lines = Object.entries(dump).flatMap(([table, items]) =>
    items.map((item) => `${table} ${JSON.stringify(ordered(item))}`),
  );
  return lines.toSorted();
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => [
    name,
    name === 'SS' ? (member as string[]).toSorted() : ordered(member),
  ]);
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
