import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { CreateSecretCommand, ListSecretsCommand, type ListSecretsResponse } from '@aws-sdk/client-secrets-manager';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { startSecretsManager } from '#infra/local/parts/secrets-manager.ts';
import { startSqs } from '#infra/local/parts/sqs.ts';
import { secretsClient, sqsClient, temporaryFolder } from './local-clients.ts';

const EMULATORS = `
  import { startSqs } from '#infra/local/parts/sqs.ts';
  import { startSecretsManager } from '#infra/local/parts/secrets-manager.ts';
  const dataDir = process.argv[1];
  const [sqs, secrets] = await Promise.all([startSqs({ dataDir }), startSecretsManager({ dataDir })]);
  console.log(JSON.stringify([sqs.endpoint, secrets.endpoint]));`;

test('what was acknowledged before a kill -9 under load is there afterwards', async () => {
  const dataDir = temporaryFolder();
  const process_ = spawn(process.execPath, ['--input-type=module', '--eval', EMULATORS, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(process_.stdout, 'data')) as [Buffer];
  const [sqsEndpoint, secretsEndpoint] = JSON.parse(line.toString()) as [string, string];
  const sqs = sqsClient(sqsEndpoint);
  const secrets = secretsClient(secretsEndpoint);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'work' }));
  const sent: string[] = [];
  const created: string[] = [];
  const load = Array.from({ length: 20 }, async (_, i) => {
    for (let n = 0; ; n++) {
      const name = `${i}.${n}`;
      await sqs.send(new SendMessageCommand({ QueueUrl: QueueUrl!, MessageBody: name }));
      sent.push(name);
      await secrets.send(new CreateSecretCommand({ Name: name, SecretString: 'x'.repeat(1000) }));
      if (created.push(name) === 200) process_.kill('SIGKILL');
    }
  });
  await Promise.allSettled(load);

  const restarted = await Promise.all([startSqs({ dataDir }), startSecretsManager({ dataDir })]);
  onTestFinished(async () => void (await Promise.all(restarted.map((server) => server.stop()))));
  const consumer = sqsClient(restarted[0].endpoint);
  const found = new Set<string>();
  for (;;) {
    const { Messages = [] } = await consumer.send(
      new ReceiveMessageCommand({ QueueUrl: QueueUrl!, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) break;
    for (const message of Messages) found.add(message.Body!);
  }
  expect(sent.filter((name) => !found.has(name))).toEqual([]);

  const reader = secretsClient(restarted[1].endpoint);
  const listed = new Set<string>();
  let NextToken: string | undefined;
  do {
    const page: ListSecretsResponse = await reader.send(new ListSecretsCommand({ ...(NextToken && { NextToken }) }));
    for (const { Name } of page.SecretList ?? []) listed.add(Name!);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  expect(created.length).toBeGreaterThanOrEqual(200);
  expect(created.filter((name) => !listed.has(name))).toEqual([]);
});
