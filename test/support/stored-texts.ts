import { DynamoDBClient, ScanCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { inflateRawSync } from 'node:zlib';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config.ts';
import type { Weir } from './weir.ts';

type Tables = Config['tables'];

/**
 * Everything that stands in a Weir's tables, as texts: what was compressed is told as it was before, beside its own bytes.
 * @param only these tables @default all
 */
export async function storedTexts(weir: Weir<Clock>, only?: readonly (keyof Tables)[]): Promise<string[]> {
  const client = new DynamoDBClient({
    endpoint: weir.dynamoDb.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const texts: string[] = [];
    const { tables } = weir.platform.config;
    for (const table of only ?? (Object.keys(tables) as (keyof Tables)[])) {
      const TableName = tables[table];
      const { Items: items = [] } = await client.send(new ScanCommand({ TableName, ConsistentRead: true }));
      for (const item of items) for (const value of Object.values(item)) texts.push(...textsOf(value));
    }
    return texts;
  } finally {
    client.destroy();
  }
}

function textsOf(value: AttributeValue): string[] {
  if (value.S !== undefined) return [value.S];
  if (value.B !== undefined) return [Buffer.from(value.B).toString('latin1'), ...inflated(value.B)];
  if (value.L) return value.L.flatMap((member) => textsOf(member));
  if (value.M) return Object.keys(value.M).concat(Object.values(value.M).flatMap((member) => textsOf(member)));
  return [];
}

function inflated(bytes: Uint8Array): string[] {
  try {
    return [inflateRawSync(bytes).toString()];
  } catch {
    return [];
  }
}
