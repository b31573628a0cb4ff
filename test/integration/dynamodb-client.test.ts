import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTables, localTableName } from '#infra/local/create-tables.ts';
import { fromAttributes, toAttributes, type StoredItem } from '#platform/aws/attributes.ts';
import type { DynamoDb } from '#platform/aws/dynamodb.ts';
import { localPlatform } from '#test/support/local-ledger.ts';
import { sharedDynamoDb } from '#test/support/shared-dynamodb.ts';

/** Weir's own client and the SDK's, over the same table: what one writes or asks, the other must find the same. */
let own: DynamoDb;
let sdk: DynamoDBClient;
const prefix = `weir-${randomUUID()}`;
const TableName = localTableName('ledger', prefix);

beforeAll(async () => {
  const endpoint = await sharedDynamoDb();
  await createTables(endpoint, prefix);
  own = localPlatform(endpoint).dynamo;
  sdk = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(() => sdk.destroy());

type SdkItem = Record<string, AttributeValue>;
/** The SDK has bytes as bytes, the wire as base64. */
const toSdk = (item: object) =>
  JSON.parse(JSON.stringify(toAttributes(item as never)), (name, value: unknown) =>
    name === 'B' && typeof value === 'string' ? Buffer.from(value, 'base64') : value,
  ) as SdkItem;
const fromSdk = (item: SdkItem): StoredItem =>
  fromAttributes(
    JSON.parse(
      JSON.stringify(item, (name, value: unknown) =>
        name === 'B' ? Buffer.from(Object.values(value as Uint8Array)).toString('base64') : value,
      ),
    ) as never,
  );

const item = {
  pk: 'p',
  sk: 'every kind',
  text: 'ä€😀 \u0000 "quoted"',
  empty: '',
  money: 123_456_789_012_345_678_901_234_567_890n,
  negative: -5,
  flag: false,
  bytes: Buffer.from([0, 255, 128, 10]),
  list: ['a', 1n, [true], { b: 'c' }],
  map: { nested: { deeper: ['x'] }, 'odd name': 1n },
  gone: undefined,
};
const key = { pk: item.pk, sk: item.sk };

test('an item that one client put, the other gets the same, in both directions', async () => {
  expect(await own.put(TableName, item)).toBe('written');
  const { Item } = await sdk.send(new GetItemCommand({ TableName, Key: toSdk(key), ConsistentRead: true }));
  const viaSdk = fromSdk(Item!);
  const viaOwn = await own.get(TableName, key, { consistent: true });
  expect(viaOwn).toEqual(viaSdk);
  expect(viaOwn).toEqual(fromAttributes(toAttributes(item)));

  const other = { ...item, sk: 'by the SDK' };
  await sdk.send(new PutItemCommand({ TableName, Item: toSdk(other) }));
  expect(await own.get(TableName, { pk: 'p', sk: other.sk })).toEqual({ ...viaOwn, sk: other.sk });
  expect(await own.get(TableName, { pk: 'p', sk: 'nothing' })).toBeUndefined();
});

test('conditions hold and fail alike', async () => {
  const absent = { condition: 'attribute_not_exists(pk)' };
  const fresh = { pk: 'conditions', sk: 'own' };
  expect(await own.put(TableName, fresh, absent)).toBe('written');
  expect(await own.put(TableName, fresh, absent)).toBe('condition failed');
  const again = new PutItemCommand({ TableName, Item: toSdk(fresh), ConditionExpression: absent.condition });
  await expect(sdk.send(again)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
});

test('updates with names, values and conditions leave the same item', async () => {
  const update = 'SET #available = #available - :max, holds.#id = :hold';
  const condition = '#available >= :max AND attribute_not_exists(holds.#id)';
  const names = { '#available': 'available', '#id': 'call.1' };
  const values = { ':max': 7n, ':hold': '7|caller' };
  const start = { available: 10n, holds: {} };
  for (const sk of ['own', 'sdk']) await own.put(TableName, { pk: 'updates', sk, ...start });

  const byOwn = () => own.update(TableName, { pk: 'updates', sk: 'own' }, update, { condition, names, values });
  const bySdk = () =>
    sdk.send(
      new UpdateItemCommand({
        TableName,
        Key: toSdk({ pk: 'updates', sk: 'sdk' }),
        UpdateExpression: update,
        ConditionExpression: condition,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: toSdk(values),
      }),
    );
  expect(await byOwn()).toBe('written');
  await bySdk();
  const [own1, sdk1] = await Promise.all(['own', 'sdk'].map((sk) => own.get(TableName, { pk: 'updates', sk })));
  expect({ ...own1, sk: '' }).toEqual({ ...sdk1, sk: '' });
  expect(own1).toMatchObject({ available: 3n, holds: { 'call.1': '7|caller' } });
  expect(await byOwn()).toBe('condition failed');
  await expect(bySdk()).rejects.toBeInstanceOf(ConditionalCheckFailedException);
});

test('a query gives all items of a partition in order, over many pages', async () => {
  const filler = 'x'.repeat(100_000); // A page ends at 1 MB.
  const items = Array.from({ length: 30 }, (_, at) => ({ pk: 'pages', sk: String(at).padStart(3, '0'), at, filler }));
  await own.batchPut(TableName, items);
  const viaOwn = await Array.fromAsync(own.query(TableName, 'pk = :pk', { values: { ':pk': 'pages' } }));
  expect(viaOwn.map(({ sk }) => sk)).toEqual(items.map(({ sk }) => sk));

  const viaSdk: StoredItem[] = [];
  let from: SdkItem | undefined;
  let pages = 0;
  do {
    const page = new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: toSdk({ ':pk': 'pages' }),
      ExclusiveStartKey: from,
    });
    const { Items = [], LastEvaluatedKey } = await sdk.send(page);
    viaSdk.push(...Items.map(fromSdk));
    from = LastEvaluatedKey;
    pages++;
  } while (from);
  expect(pages).toBeGreaterThan(1);
  expect(viaOwn).toEqual(viaSdk);

  const filtered = own.query(TableName, 'pk = :pk', {
    condition: '#at >= :from',
    names: { '#at': 'at' },
    values: { ':pk': 'pages', ':from': 28 },
  });
  expect((await Array.fromAsync(filtered)).map(({ at }) => at)).toEqual([28n, 29n]);
});

test('batches of any size put and get the same as the SDK’s, in pieces that DynamoDB takes', async () => {
  const items = Array.from({ length: 130 }, (_, at) => ({ pk: `batch-${at}`, sk: 's', at }));
  await own.batchPut(TableName, items.slice(0, 105));
  const requests = items.slice(105).map((one) => ({ PutRequest: { Item: toSdk(one) } }));
  await sdk.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));

  const keys = [...items, { pk: 'nobody', sk: 's' }].map(({ pk, sk }) => ({ pk, sk }));
  const byAt = (a: StoredItem, b: StoredItem) => Number(a['at']) - Number(b['at']);
  const viaOwn = (await own.batchGet(TableName, keys)).sort(byAt);
  const { Responses } = await sdk.send(
    new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: keys.slice(0, 100).map(toSdk) } } }),
  );
  expect(viaOwn).toHaveLength(130);
  expect(viaOwn.slice(0, 100)).toEqual(Responses![TableName]!.map(fromSdk).sort(byAt));
  expect(await own.batchGet(TableName, [])).toEqual([]);
});
