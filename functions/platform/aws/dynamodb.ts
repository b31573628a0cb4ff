import { fromAttributes, toAttributes, type AttributeValue, type Storable, type StoredItem } from './attributes.ts';
import type { JsonService } from './json-service.ts';
import { AwsServiceError, type SendOptions } from './signed-service.ts';

type Item = { readonly [name: string]: Storable | undefined };

/** An expression with its names and values. Placeholders: `#name`, `:value`. */
export interface Expression {
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

/** A conditional write either happened or met a condition that did not hold: an expected outcome, not an exception. */
export type Written = 'written' | 'condition failed';

/** The requests that Weir's stores make. Reads are strongly consistent where money is decided. */
export interface DynamoDb {
  get(
    table: string,
    key: Item,
    options?: { readonly consistent?: boolean } & SendOptions,
  ): Promise<StoredItem | undefined>;
  put(table: string, item: Item, expression?: Expression, options?: SendOptions): Promise<Written>;
  update(table: string, key: Item, update: string, expression: Expression, options?: SendOptions): Promise<Written>;
  /** Like `update`, and gives the whole item as it then stands; undefined when the condition did not hold. */
  updated(
    table: string,
    key: Item,
    update: string,
    expression: Expression,
    options?: SendOptions,
  ): Promise<StoredItem | undefined>;
  /** The items that exist among up to any number of keys. Best effort: what DynamoDB leaves unprocessed is left out. */
  batchGet(table: string, keys: readonly Item[], options?: SendOptions): Promise<StoredItem[]>;
  /** Puts items without conditions. Best effort: what DynamoDB leaves unprocessed is left out. */
  batchPut(table: string, items: readonly Item[], options?: SendOptions): Promise<void>;
  /** All items of a partition, page by page. */
  query(table: string, keyCondition: string, expression: Expression): AsyncGenerator<StoredItem>;
}

/** DynamoDB's limits of a batch. */
const MAX_BATCH_GET = 100;
const MAX_BATCH_PUT = 25;

interface BatchGetOutput {
  Responses?: Record<string, Record<string, AttributeValue>[]>;
}

interface UpdateOutput {
  Attributes: Record<string, AttributeValue>;
}

interface QueryOutput {
  Items?: Record<string, AttributeValue>[];
  LastEvaluatedKey?: Record<string, AttributeValue>;
}

/** DynamoDB over the JSON protocol. @throws AwsServiceError, or the transport's error, when the table cannot be reached */
export function createDynamoDb(send: JsonService): DynamoDb {
  const write = async (operation: string, input: object, options?: SendOptions): Promise<Written> => {
    try {
      await send(operation, input, options);
      return 'written';
    } catch (error) {
      if (isConditionFailure(error)) return 'condition failed';
      throw error;
    }
  };
  return {
    async get(table, key, { consistent = false, ...options } = {}) {
      const input = { TableName: table, Key: toAttributes(key), ConsistentRead: consistent };
      const output = await send<{ Item?: Record<string, AttributeValue> }>('GetItem', input, options);
      return output.Item && fromAttributes(output.Item);
    },
    put: (table, item, expression, options) =>
      write('PutItem', { TableName: table, Item: toAttributes(item), ...wireExpression(expression) }, options),
    update: (table, key, update, expression, options) =>
      write(
        'UpdateItem',
        { TableName: table, Key: toAttributes(key), UpdateExpression: update, ...wireExpression(expression) },
        options,
      ),
    async updated(table, key, update, expression, options) {
      const input = { TableName: table, Key: toAttributes(key), UpdateExpression: update, ReturnValues: 'ALL_NEW' };
      try {
        const { Attributes: attributes } = await send<UpdateOutput>(
          'UpdateItem',
          { ...input, ...wireExpression(expression) },
          options,
        );
        return fromAttributes(attributes);
      } catch (error) {
        if (isConditionFailure(error)) return undefined;
        throw error;
      }
    },
    async batchGet(table, keys, options) {
      const outputs = await Promise.all(
        chunks(keys, MAX_BATCH_GET).map((chunk) => {
          const input = { RequestItems: { [table]: { Keys: chunk.map(toAttributes) } } };
          return send<BatchGetOutput>('BatchGetItem', input, options);
        }),
      );
      return outputs.flatMap((output) => (output.Responses?.[table] ?? []).map(fromAttributes));
    },
    async batchPut(table, items, options) {
      const requests = items.map((item) => ({ PutRequest: { Item: toAttributes(item) } }));
      await Promise.all(
        chunks(requests, MAX_BATCH_PUT).map((chunk) =>
          send('BatchWriteItem', { RequestItems: { [table]: chunk } }, options),
        ),
      );
    },
    async *query(table, keyCondition, expression) {
      const { ConditionExpression: filter, ...placeholders } = wireExpression(expression);
      let from: Record<string, AttributeValue> | undefined;
      do {
        const output: QueryOutput = await send('Query', {
          TableName: table,
          KeyConditionExpression: keyCondition,
          ...(filter === undefined ? {} : { FilterExpression: filter }),
          ...placeholders,
          ...(from && { ExclusiveStartKey: from }),
        });
        for (const item of output.Items ?? []) yield fromAttributes(item);
        from = output.LastEvaluatedKey;
      } while (from);
    },
  };
}

function isConditionFailure(error: unknown): boolean {
  return error instanceof AwsServiceError && error.name === 'ConditionalCheckFailedException';
}

function wireExpression(expression: Expression = {}) {
  const { condition, names, values } = expression;
  return {
    ...(condition === undefined ? {} : { ConditionExpression: condition }),
    ...(names && { ExpressionAttributeNames: names }),
    ...(values && { ExpressionAttributeValues: toAttributes(values) }),
  };
}

function chunks<Element>(all: readonly Element[], size: number): Element[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}
