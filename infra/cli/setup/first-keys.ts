import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { toAttributes, type Storable } from '#platform/aws/attributes.ts';
import { hashCallerKey, toCallerItem, type CallerRecord } from '../../../functions/security/caller-key.ts';
import { about, CliFailure } from '../failure.ts';
import { mintCallerKey } from './mint-key.ts';

/** The item that says that this deployment has its first keys. No caller's record has this key: those are SHA-256 in hex. */
const MARKER_PK = 'setup';

export interface FirstKeysOptions {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
  readonly adminName: string;
  readonly callerName: string;
  readonly nowMs: number;
}

/** Keys in clear: they exist here, on the terminal, and nowhere else. */
export interface FirstKeys {
  readonly adminKey: string;
  readonly callerKey: string;
}

/** When the first keys were made (ISO 8601, UTC); undefined where there are none. @throws CliFailure */
export async function firstKeysMadeAt({ dynamodb, table }: FirstKeysOptions): Promise<string | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: { pk: { S: MARKER_PK } }, ConsistentRead: true });
  const { Item } = await about(`the table ${table}`, dynamodb.send(command));
  return Item && (Item['madeAt']?.S ?? 'an unknown time');
}

/**
 * Makes the first administrator, who manages and sees the spend, and the first caller, who may use every endpoint.
 *
 * The marker comes last, and only if it is as it was: of two who set up at once, one has the keys.
 *
 *     A  reads: no marker   puts two records   puts the marker ✓  shows its keys
 *     B  reads: no marker        puts two records       marker? ✗ takes its records back, says so
 *
 * @param replaces the marker that was read before, which these keys follow; earlier keys stay valid
 * @throws CliFailure
 */
export async function makeFirstKeys(options: FirstKeysOptions, replaces: string | undefined): Promise<FirstKeys> {
  const { dynamodb, table, adminName, callerName, nowMs } = options;
  const keys: FirstKeys = { adminKey: mintCallerKey(), callerKey: mintCallerKey() };
  const put = (item: Record<string, Storable>, condition: string, values?: Record<string, AttributeValue>) =>
    dynamodb.send(
      new PutItemCommand({
        TableName: table,
        Item: toAttributes(item) as Record<string, AttributeValue>,
        ConditionExpression: condition,
        ...(values && { ExpressionAttributeValues: values }),
      }),
    );
  const putCaller = (key: string, record: CallerRecord) => put(toCallerItem(key, record), 'attribute_not_exists(pk)');

  const write = async () => {
    await putCaller(keys.adminKey, { id: adminName, roles: ['administrator', 'finance'], endpoints: [] });
    await putCaller(keys.callerKey, { id: callerName, roles: ['caller'], endpoints: ['*'] });
    const marker = { pk: MARKER_PK, madeAt: new Date(nowMs).toISOString(), adminName, callerName };
    if (replaces === undefined) await put(marker, 'attribute_not_exists(pk)');
    else await put(marker, 'madeAt = :replaced', { ':replaced': { S: replaces } });
  };
  try {
    await about(`the table ${table}`, write());
    return keys;
  } catch (error) {
    await takeBack(options, keys);
    throw error;
  }
}
