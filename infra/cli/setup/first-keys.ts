import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { hashCallerKey, toCallerItem } from '#edge/caller-key.ts';
import { mintCallerKey } from '#edge/callers/key-form.ts';
import { toAttributes, type Storable } from '#platform/aws/attributes.ts';
import { about, CliFailure } from '../failure.ts';

/** The item that says that this deployment has its first keys. No caller's record can have this key: those are hex digits. */
const MARKER_PK = 'setup';

/** Where the callers are kept. */
export interface CallersTable {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
}

/** Keys in clear: they exist here and on the terminal, and nowhere else. */
export interface FirstKeys {
  readonly adminKey: string;
  readonly callerKey: string;
}

/** When the first keys were made (ISO 8601, UTC); undefined where there are none. @throws CliFailure */
export async function firstKeysMadeAt({ dynamodb, table }: CallersTable): Promise<string | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: { pk: { S: MARKER_PK } }, ConsistentRead: true });
  const { Item: item } = await about(`the table ${table}`, dynamodb.send(command));
  return item?.['madeAt']?.S;
}

/**
 * Makes a first administrator and a first caller, who may use every endpoint. The marker comes last and only if it is as
 * it was read, so that of two who set up at once, one has the keys:
 *
 *     A  reads: no marker     puts two records   puts the marker ✓   shows its keys
 *     B  reads: no marker        puts two records        marker? ✗   takes its records back
 *
 * @param names of the two callers
 * @param replaces the marker that was read before; its keys stay valid
 * @throws CliFailure; no key is left behind then
 */
export async function makeFirstKeys(
  callers: CallersTable,
  names: { readonly admin: string; readonly caller: string },
  nowMs: number,
  replaces: string | undefined,
): Promise<FirstKeys> {
  const keys: FirstKeys = { adminKey: mintCallerKey(), callerKey: mintCallerKey() };
  const marker = {
    pk: MARKER_PK,
    madeAt: new Date(nowMs).toISOString(),
    adminName: names.admin,
    callerName: names.caller,
  };
  const write = async () => {
    const admin = toCallerItem(keys.adminKey, { id: names.admin, roles: ['administrator'], endpoints: [] });
    await putIf('attribute_not_exists(pk)', admin, callers);
    const caller = toCallerItem(keys.callerKey, { id: names.caller, roles: ['caller'], endpoints: ['*'] });
    await putIf('attribute_not_exists(pk)', caller, callers);
    if (replaces === undefined) await putIf('attribute_not_exists(pk)', marker, callers);
    else await putIf('madeAt = :replaced', marker, callers, { ':replaced': { S: replaces } });
  };
  try {
    await about(`the table ${callers.table}`, write());
    return keys;
  } catch (error) {
    await Promise.all([keys.adminKey, keys.callerKey].map((key) => takeBack(key, callers)));
    throw error;
  }
}

async function putIf(
  condition: string,
  item: Readonly<Record<string, Storable>>,
  { dynamodb, table }: CallersTable,
  values?: Record<string, AttributeValue>,
): Promise<void> {
  const command = new PutItemCommand({
    TableName: table,
    Item: toAttributes(item) as Record<string, AttributeValue>,
    ConditionExpression: condition,
    ExpressionAttributeValues: values,
  });
  await dynamodb.send(command).catch((error: unknown) => {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    throw new CliFailure('another setup has just made keys for this deployment; this one has made none');
  });
}

/** Nobody has seen the key, so a record that cannot be removed opens nothing. */
async function takeBack(key: string, { dynamodb, table }: CallersTable): Promise<void> {
  const command = new DeleteItemCommand({ TableName: table, Key: { pk: { S: hashCallerKey(key) } } });
  await dynamodb.send(command).catch(() => undefined);
}
