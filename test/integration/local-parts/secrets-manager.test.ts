import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSecretsManager, type SecretsManagerOptions } from '#infra/local/parts/secrets-manager.ts';
import { FakeClock } from './fake-clock.ts';
import { secretsClient, temporaryFolder } from './local-clients.ts';

const SecretId = 'weir/openai/summarize';

async function started(options: SecretsManagerOptions = {}): Promise<SecretsManagerClient> {
  const server = await startSecretsManager(options);
  onTestFinished(() => server.stop());
  return secretsClient(server.endpoint);
}

const create = (client: SecretsManagerClient, SecretString = 'one') =>
  client.send(new CreateSecretCommand({ Name: SecretId, SecretString }));
const put = (client: SecretsManagerClient, SecretString: string, VersionStages?: string[], token?: string) =>
  client.send(
    new PutSecretValueCommand({
      SecretId,
      SecretString,
      ...(VersionStages && { VersionStages }),
      ...(token && { ClientRequestToken: token }),
    }),
  );
const read = async (client: SecretsManagerClient, VersionStage?: string, VersionId?: string) =>
  (
    await client.send(
      new GetSecretValueCommand({ SecretId, ...(VersionStage && { VersionStage }), ...(VersionId && { VersionId }) }),
    )
  ).SecretString;

test('a secret is created, read by name and by ARN, and described without its value', async () => {
  const client = await started();
  const { ARN, VersionId } = await create(client, 'grüße\n');
  expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:weir\/openai\/summarize-\w{6}$/);
  const value = await client.send(new GetSecretValueCommand({ SecretId: ARN! }));
  expect(value).toMatchObject({ SecretString: 'grüße\n', Name: SecretId, VersionId, VersionStages: ['AWSCURRENT'] });
  expect(value.CreatedDate).toBeInstanceOf(Date);
  const described = await client.send(new DescribeSecretCommand({ SecretId }));
  expect(described.VersionIdsToStages).toEqual({ [VersionId!]: ['AWSCURRENT'] });
  expect(JSON.stringify(described)).not.toContain('grüße');
});

test('bytes come back as bytes', async () => {
  const client = await started();
  await client.send(new CreateSecretCommand({ Name: SecretId, SecretBinary: Buffer.from([0, 1, 255]) }));
  const { SecretBinary, SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
  expect([[...SecretBinary!], SecretString]).toEqual([[0, 1, 255], undefined]);
});

test('K2 a new value becomes current, and AWSPREVIOUS follows by itself', async () => {
  const client = await started();
  await create(client);
  await put(client, 'two');
  expect([await read(client), await read(client, 'AWSPREVIOUS')]).toEqual(['two', 'one']);
  await put(client, 'three');
  expect([await read(client, 'AWSCURRENT'), await read(client, 'AWSPREVIOUS')]).toEqual(['three', 'two']);
});

test('a rotation: pending beside current, then promoted with one move of the label', async () => {
  const client = await started();
  const { VersionId: oldVersion } = await create(client);
  await expect(read(client, 'AWSPENDING')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const token = randomUUID();
  await put(client, 'two', ['AWSPENDING'], token);
  expect([await read(client), await read(client, 'AWSPENDING')]).toEqual(['one', 'two']);

  const move = (RemoveFromVersionId?: string) =>
    client.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        ...(RemoveFromVersionId && { RemoveFromVersionId }),
      }),
    );
  await expect(move()).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(move(token)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await move(oldVersion);
  expect([await read(client), await read(client, 'AWSPREVIOUS')]).toEqual(['two', 'one']);
  await client.send(
    new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: token }),
  );
  await expect(read(client, 'AWSPENDING')).rejects.toThrow(/staging label: AWSPENDING/);
  await expect(
    client.send(
      new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', RemoveFromVersionId: token }),
    ),
  ).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('K5 a put may be repeated under its token, but not with another value', async () => {
  const client = await started();
  await create(client);
  const token = randomUUID();
  const first = await put(client, 'two', ['AWSPENDING'], token);
  expect((await put(client, 'two', ['AWSPENDING'], token)).VersionId).toBe(first.VersionId);
  await expect(put(client, 'other', ['AWSPENDING'], token)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  expect(await read(client, 'AWSPENDING')).toBe('two');
});

test('the first value of an empty secret is current, whatever label it was put under', async () => {
  const client = await started();
  await client.send(new CreateSecretCommand({ Name: SecretId }));
  await expect(read(client)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  const { VersionStages } = await put(client, 'one', ['AWSPENDING']);
  expect(VersionStages).toEqual(['AWSCURRENT', 'AWSPENDING']);
});

test('a version is found by its id, and only under a label that it bears', async () => {
  const client = await started();
  const { VersionId } = await create(client);
  await put(client, 'two');
  expect(await read(client, undefined, VersionId)).toBe('one');
  await expect(read(client, 'AWSCURRENT', VersionId)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  await expect(read(client, undefined, randomUUID())).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});

test('errors are the SDK’s own classes', async () => {
  const client = await started();
  await expect(read(client)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    $metadata: { httpStatusCode: 400 },
    message: "Secrets Manager can't find the specified secret.",
  });
  await create(client);
  await expect(create(client)).rejects.toMatchObject({ name: 'ResourceExistsException' });
  await expect(put(client, '')).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(put(client, 'x'.repeat(65_537))).rejects.toMatchObject({ name: 'InvalidParameterException' });
  await expect(put(client, 'two', undefined, 'short')).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

test('a deleted secret cannot be read, can be described, and its name is free after the recovery window', async () => {
  const clock = new FakeClock();
  const client = await started({ clock });
  await create(client);
  await client.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
  await expect(read(client)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  expect((await client.send(new DescribeSecretCommand({ SecretId }))).DeletedDate).toBeInstanceOf(Date);
  await expect(create(client)).rejects.toMatchObject({ name: 'InvalidRequestException' });
  clock.advance(7 * 86_400_000);
  await expect(client.send(new DescribeSecretCommand({ SecretId }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await create(client, 'anew');
  await client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
  await create(client, 'once more');
  expect(await read(client)).toBe('once more');
});

test('secrets are listed by name, page by page', async () => {
  const client = await started();
  for (const Name of ['weir/b', 'weir/a', 'else', 'weir/c']) {
    await client.send(new CreateSecretCommand({ Name, SecretString: 'x' }));
  }
  const input = { Filters: [{ Key: 'name' as const, Values: ['weir/'] }], MaxResults: 2 };
  const page = await client.send(new ListSecretsCommand(input));
  const rest = await client.send(new ListSecretsCommand({ ...input, NextToken: page.NextToken! }));
  expect([page, rest].map(({ SecretList }) => SecretList?.map(({ Name }) => Name))).toEqual([
    ['weir/a', 'weir/b'],
    ['weir/c'],
  ]);
});

test('a restart keeps values and labels, in a file that only its owner can read', async () => {
  const dataDir = temporaryFolder();
  const first = await startSecretsManager({ dataDir });
  await create(secretsClient(first.endpoint));
  await put(secretsClient(first.endpoint), 'two', ['AWSPENDING']);
  await first.stop();
  const client = await started({ dataDir });
  expect([await read(client), await read(client, 'AWSPENDING')]).toEqual(['one', 'two']);
  expect(statSync(join(dataDir, 'secrets-manager.jsonl')).mode & 0o077).toBe(0);
});

test('a rotation begins with a label that has no value yet; a second one waits for its end', async () => {
  const client = await started();
  const { VersionId: first } = await create(client);
  const { VersionId: token } = await client.send(new RotateSecretCommand({ SecretId }));
  const { VersionIdsToStages: stages } = await client.send(new DescribeSecretCommand({ SecretId }));
  expect(stages).toEqual({ [first!]: ['AWSCURRENT'], [token!]: ['AWSPENDING'] });
  await expect(read(client, 'AWSPENDING')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect(await read(client)).toBe('one');
  const another = new RotateSecretCommand({ SecretId });
  await expect(client.send(another)).rejects.toMatchObject({ name: 'InvalidRequestException' });

  await put(client, 'two', ['AWSPENDING'], token);
  const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: token, RemoveFromVersionId: first };
  await client.send(new UpdateSecretVersionStageCommand(move));
  expect(await read(client)).toBe('two');
  await client.send(new RotateSecretCommand({ SecretId }));
});
