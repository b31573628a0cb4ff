import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as delay } from 'node:timers/promises';
import { TABLES, type TableDefinition, type TableNames } from '../tables.ts';

const POLL_MS = 10;

/**
 * Name of a table on this machine: with the usual prefix, the one that the functions' config takes where nothing else is
 * said. With prefixes of their own, several Weirs share a DynamoDB and do not see each other.
 */
export function localTableName(name: TableDefinition['name'], prefix = 'weir'): string {
  return `${prefix}-${name}`;
}

/** The names of all tables on this machine. */
export function localTableNames(): TableNames {
  return Object.fromEntries(TABLES.map(({ name }) => [name, localTableName(name)])) as unknown as TableNames;
}

/** Makes all of Weir's tables at a DynamoDB endpoint, ready for use; those that exist stay as they are. */
export async function createTables(endpoint: string, prefix?: string): Promise<void> {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await Promise.all(TABLES.map((table) => createTable(client, table, prefix)));
  } finally {
    client.destroy();
  }
}

async function createTable(client: DynamoDBClient, table: TableDefinition, prefix?: string): Promise<void> {
  const { name, partitionKey, sortKey } = table;
  const keys = [
    { name: partitionKey, type: 'HASH' as const },
    ...(sortKey ? [{ name: sortKey, type: 'RANGE' as const }] : []),
  ];
  const command = new CreateTableCommand({
    TableName: localTableName(name, prefix),
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map((key) => ({ AttributeName: key.name, AttributeType: 'S' })),
    KeySchema: keys.map((key) => ({ AttributeName: key.name, KeyType: key.type })),
  });
  await client.send(command).catch((error: unknown) => {
    if (!(error instanceof ResourceInUseException)) throw error;
  });
  await untilActive(client, localTableName(name, prefix));
}

/** A table is acknowledged before it is there: asked at once, it does not exist. */
async function untilActive(client: DynamoDBClient, tableName: string): Promise<void> {
  const describe = new DescribeTableCommand({ TableName: tableName });
  while ((await client.send(describe)).Table?.TableStatus !== 'ACTIVE') await delay(POLL_MS);
}
