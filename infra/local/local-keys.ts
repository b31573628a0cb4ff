import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { toCallerItem, type CallerRecord } from '#edge/caller-key.ts';
import { LOCAL_ADMINISTRATOR, LOCAL_CALLER } from '#edge/callers/own-ids.ts';
import { mintCallerKey } from '#edge/callers/key-form.ts';
import { toAttributes } from '#platform/aws/attributes.ts';
import { localTableName } from './create-tables.ts';

/** The clear keys of this machine's two callers. */
export interface LocalKeys {
  readonly caller: string;
  readonly administrator: string;
}

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const REGION = 'us-east-1';

/**
 * The keys to print: those that are given, else those that an earlier start made and kept in the data folder, else new ones.
 */
export async function keepLocalKeys(dataDir: string, given: Partial<LocalKeys>): Promise<LocalKeys> {
  const file = join(dataDir, 'keys.json');
  const kept = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as LocalKeys,
    () => undefined,
  );
  const made = kept ?? { caller: mintCallerKey(), administrator: mintCallerKey() };
  if (!kept) await writeFile(file, JSON.stringify(made), { mode: 0o600 });
  return { caller: given.caller ?? made.caller, administrator: given.administrator ?? made.administrator };
}

/** Writes the records by which the authorizer will know the two keys. */
export async function registerLocalCallers(dynamoEndpoint: string, keys: LocalKeys): Promise<void> {
  const client = new DynamoDBClient({ endpoint: dynamoEndpoint, region: REGION, credentials: CREDENTIALS });
  const register = (key: string, record: CallerRecord) => {
    const item = toAttributes(toCallerItem(key, record)) as Record<string, AttributeValue>;
    return client.send(new PutItemCommand({ TableName: localTableName('callers'), Item: item }));
  };
  try {
    await register(keys.caller, { id: LOCAL_CALLER, roles: ['caller'], endpoints: ['*'] });
    await register(keys.administrator, {
      id: LOCAL_ADMINISTRATOR,
      // Whoever sits before this machine may look at its spend too.
      roles: ['administrator', 'finance'],
      endpoints: ['*'],
    });
  } finally {
    client.destroy();
  }
}

/** Puts the upstream's key where the functions look for it. */
export async function storeUpstreamKey(endpoint: string, secretId: string, value: string): Promise<void> {
  const client = new SecretsManagerClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  try {
    await client
      .send(new CreateSecretCommand({ Name: secretId, SecretString: value }))
      .catch(async (error: unknown) => {
        if (!(error instanceof ResourceExistsException)) throw error;
        await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: value }));
      });
  } finally {
    client.destroy();
  }
}
