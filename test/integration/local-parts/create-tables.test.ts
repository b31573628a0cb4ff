import {
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { TABLES } from '#infra/tables.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';

test('a data folder of an earlier Weir gets the table that it lacks, and keeps what it has', async () => {
  const endpoint = await sharedDynamoDb();
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  await createTables(endpoint);
  const [budgets, jobs] = [localTableName('budgets'), localTableName('jobs')];
  await client.send(new PutItemCommand({ TableName: budgets, Item: { pk: { S: 'a' } } }));
  await client.send(new DeleteTableCommand({ TableName: jobs }));
  const gone = () =>
    client.send(new DescribeTableCommand({ TableName: jobs })).then(
      () => false,
      () => true,
    );
  while (!(await gone()));

  await createTables(endpoint);
  for (const { name, sortKey } of TABLES) {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: localTableName(name) }));
    expect([table?.TableStatus, table?.KeySchema?.map(({ AttributeName }) => AttributeName)]).toEqual([
      'ACTIVE',
      sortKey ? ['pk', sortKey] : ['pk'],
    ]);
  }
  expect((await client.send(new GetItemCommand({ TableName: budgets, Key: { pk: { S: 'a' } } }))).Item).toBeDefined();
  client.destroy();
});
