import {
  CreateTableCommand,
  GetItemCommand,
  PutItemCommand,
  waitUntilTableExists,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startDynamoDb, type RunningDynamoDb } from '#infra/local/parts/dynamodb.ts';
import { dynamoDbClient, temporaryFolder } from './local-clients.ts';

async function started(dataDir: string | undefined): Promise<RunningDynamoDb> {
  const running = await startDynamoDb({ dataDir });
  onTestFinished(() => running.stop());
  return running;
}

/** A table, which is there within a turn or two: on a disk not at the very moment of the reply. */
async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: 'things',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client, minDelay: 0.02, maxDelay: 0.1, maxWaitTime: 10 }, { TableName: 'things' });
}
const put = (client: DynamoDBClient, pk: string) =>
  client.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: pk } } }));
const get = async (client: DynamoDBClient, pk: string) =>
  (await client.send(new GetItemCommand({ TableName: 'things', Key: { pk: { S: pk } } }))).Item?.['pk']?.S;

async function answers({ endpoint }: RunningDynamoDb): Promise<boolean> {
  return fetch(endpoint).then(
    (reply) => reply.ok,
    () => false,
  );
}

test('in memory, a table is there at once, in another process, and gone with it', async () => {
  const running = await started(undefined);
  const client = dynamoDbClient(running.endpoint);
  await createTable(client);
  await put(client, 'a');
  expect(await get(client, 'a')).toBe('a');
  expect(running.pid).not.toBe(process.pid);
  expect(await answers(running)).toBe(true);
  await running.stop();
  expect(await answers(running)).toBe(false);
});

test('on disk, items survive a clean stop', async () => {
  const dataDir = temporaryFolder();
  const first = await started(dataDir);
  await createTable(dynamoDbClient(first.endpoint));
  await put(dynamoDbClient(first.endpoint), 'kept');
  await first.stop();
  expect(await answers(first)).toBe(false);

  const second = await started(dataDir);
  expect(second.pid).not.toBe(first.pid);
  expect(await get(dynamoDbClient(second.endpoint), 'kept')).toBe('kept');
});

test('on disk, items survive a kill -9 of the database itself', async () => {
  const dataDir = temporaryFolder();
  const first = await started(dataDir);
  const client = dynamoDbClient(first.endpoint);
  await createTable(client);
  const acknowledged: string[] = [];
  const load = Array.from({ length: 40 }, async (_, i) => {
    for (let n = 0; ; n++) {
      await put(client, `${i}.${n}`);
      if (acknowledged.push(`${i}.${n}`) === 300) process.kill(first.pid, 'SIGKILL');
    }
  });
  await Promise.allSettled(load);

  const second = dynamoDbClient((await started(dataDir)).endpoint);
  expect(acknowledged.length).toBeGreaterThanOrEqual(300);
  for (const pk of acknowledged) expect(await get(second, pk)).toBe(pk);
});

test('the database outlives a kill -9 of the process that started it, and the next start finds it', async () => {
  const dataDir = temporaryFolder();
  const starter = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { startDynamoDb } from '#infra/local/parts/dynamodb.ts';
       const running = await startDynamoDb({ dataDir: process.argv[1] });
       console.log(JSON.stringify(running));
       setInterval(() => {}, 1000);`,
      dataDir,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(async () => {
    starter.kill('SIGKILL');
    await (await startDynamoDb({ dataDir })).stop();
  });
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  const { pid, endpoint } = JSON.parse(line.toString()) as RunningDynamoDb;
  await createTable(dynamoDbClient(endpoint));
  await put(dynamoDbClient(endpoint), 'acknowledged');
  starter.kill('SIGKILL');
  await once(starter, 'exit');

  const again = await started(dataDir);
  expect([again.pid, again.endpoint]).toEqual([pid, endpoint]);
  expect(readFileSync(join(dataDir, 'dynamodb.log'), 'utf8'), 'no second process was tried').toBe('');
  expect(await get(dynamoDbClient(again.endpoint), 'acknowledged')).toBe('acknowledged');
  await again.stop();
  expect(await answers(again)).toBe(false);
});

test('a client that dies in the middle of a request takes nothing down', async () => {
  const running = await started(undefined);
  const dying = connect(Number(new URL(running.endpoint).port), '127.0.0.1');
  await once(dying, 'connect');
  dying.write(
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 99\r\n\r\n{"half',
  );
  // Once this later request is answered, the half one has been read too.
  await createTable(dynamoDbClient(running.endpoint));
  dying.resetAndDestroy();
  await once(dying, 'close');
  const client = dynamoDbClient(running.endpoint);
  for (let i = 0; i < 20; i++) await put(client, String(i));
  expect(await get(client, '19')).toBe('19');
});

test('of several starts at once on one folder one process serves all', async () => {
  const dataDir = temporaryFolder();
  const all = await Promise.all([started(dataDir), started(dataDir), started(dataDir)]);
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
});
