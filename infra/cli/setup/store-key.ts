import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { about } from '../failure.ts';

/**
 * Puts a key into its secret as the current version; makes the secret where there is none. The one before it stays readable as
 * `AWSPREVIOUS`.
 *
 * @returns whether the secret was there before
 * @throws CliFailure that names the secret
 */
export async function storeKey(
  client: SecretsManagerClient,
  secretId: string,
  key: string,
): Promise<'created' | 'updated'> {
  return about(`the secret ${secretId}`, putOrCreate(client, secretId, key));
}

async function putOrCreate(client: SecretsManagerClient, secretId: string, key: string) {
  try {
    await client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: key }));
    return 'updated';
  } catch (error) {
    // A name can be created; an ARN belongs to a secret that was there once.
    if (!(error instanceof ResourceNotFoundException) || secretId.startsWith('arn:')) throw error;
    await client.send(new CreateSecretCommand({ Name: secretId, SecretString: key }));
    return 'created';
  }
}
