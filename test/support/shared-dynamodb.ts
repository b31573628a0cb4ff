import { afterAll } from 'vitest';
import { startDynamoDb, type RunningDynamoDb } from '#infra/local/parts/dynamodb.ts';

let running: Promise<RunningDynamoDb> | undefined;

/**
 * The one DynamoDB of a test file: embedded, in memory, in a process of its own. It starts when it is first asked for,
 * and ends with the file.
 */
export async function sharedDynamoDb(): Promise<string> {
  running ??= startDynamoDb({ dataDir: undefined });
  return (await running).endpoint;
}

afterAll(async () => (await running)?.stop());
