import { randomUUID } from 'node:crypto';
import { DescribeSecretCommand, RotateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { WeirOutputs } from '#infra/outputs.ts';
import { readInventory } from '#infra/inventory.ts';
import type { Clock } from '#platform/clock.ts';
import type { AwsClients } from './aws-clients.ts';
import { about, CliFailure, UsageFailure } from './failure.ts';
import { createProgress } from './progress.ts';
import { readKey, type WantedKey } from './read-key.ts';
import { driveRotation } from './rotate/drive-rotation.ts';
import { storeKey } from './setup/store-key.ts';
import { write, type Streams } from './streams.ts';

export interface RotateRequest {
  /** A secret as specs name it, or an endpoint that uses it. */
  readonly name: string;
  /** The admin key comes on standard input, and is stored first. */
  readonly adminKey: boolean;
}

export interface RotateContext {
  readonly outputs: WeirOutputs;
  readonly aws: AwsClients;
  readonly streams: Streams;
  readonly clock: Clock;
}

const ADMIN_KEY: WantedKey = {
  name: 'OpenAI admin key',
  advice: 'printenv OPENAI_ADMIN_KEY | npm run weir -- rotate openai --admin-key',
  minChars: 20,
};
const POLL_MS = 2_000;
const LONGEST_FOLLOW_MS = 10 * 60_000;

/**
 * Rotates the key of a secret, and follows until the new one is in use. On AWS Secrets Manager takes the steps; on this machine
 * the same function is driven from here.
 * @throws UsageFailure before anything is changed; CliFailure that says which step failed and why
 */
export async function rotateKey({ name, adminKey }: RotateRequest, context: RotateContext): Promise<void> {
  const { outputs, aws, streams, clock } = context;
  const { rotation } = outputs;
  const secret = await secretOf(name, outputs);
  const project = rotation?.projects[secret];
  if (!rotation || project === undefined) {
    throw new UsageFailure(
      outputs.awsEndpoints
        ? `no OpenAI project is known for ${secret}: start Weir with OPENAI_ADMIN_KEY and OPENAI_PROJECT_ID`
        : `no OpenAI project is known for ${secret}: deploy with -c openaiProjects=${secret}=proj_…`,
    );
  }
  const secretId = outputs.secrets[secret]!;
  if (adminKey) await storeKey(aws.secretsManager, rotation.adminSecret, await readKey(ADMIN_KEY, streams));

  const progress = createProgress(streams.stderr, clock);
  const { token, isResumed } = await about(`the secret ${secretId}`, begin(aws, secretId));
  if (isResumed) streams.stderr.write('An earlier rotation was not complete: it is taken up again.\n');
  if (outputs.awsEndpoints) {
    await driveRotation({ outputs, secretId, token, onStep: (step, outcome) => progress.end(`${step}: ${outcome}`) });
  } else {
    await follow(context, secretId, token, (state) => progress.update(state));
    progress.clear();
  }
  const text = `${secret} has a new key, of ${project}; the one before is revoked in a day, unless it was put by hand\n`;
  await about('standard output', write(streams.stdout, text));
}

async function secretOf(name: string, { secrets, keyless = [] }: WeirOutputs): Promise<string> {
  if (Object.hasOwn(secrets, name)) return name;
  const entry = (await readInventory()).find((each) => each.name === name);
  const wanted = entry?.spec.kind === 'endpoint' ? entry.spec.secret : name;
  if (keyless.includes(wanted)) throw new UsageFailure(`${wanted} is keyless: it has no key to rotate`);
  if (entry?.spec.kind === 'endpoint' && Object.hasOwn(secrets, entry.spec.secret)) return entry.spec.secret;
  const known = Object.keys(secrets).sort().join(', ');
  throw new UsageFailure(`the name must be one of ${known}, or an endpoint's, but '${name}' was provided`);
}

/** Begins a rotation, or finds the one that is open: only one can be. */
async function begin({ secretsManager }: AwsClients, secretId: string) {
  const open = (await stages(secretsManager, secretId)).find(
    ([, labels]) => labels.includes('AWSPENDING') && !labels.includes('AWSCURRENT'),
  );
  const token = open?.[0] ?? randomUUID();
  const rotate = new RotateSecretCommand({ SecretId: secretId, ClientRequestToken: token });
  await secretsManager.send(rotate).catch((error: unknown) => {
    // Of an open one AWS says so, and tries it again.
    if (!open) throw error;
  });
  return { token, isResumed: open !== undefined };
}

async function stages(client: AwsClients['secretsManager'], secretId: string): Promise<[string, string[]][]> {
  const { VersionIdsToStages: found = {} } = await client.send(new DescribeSecretCommand({ SecretId: secretId }));
  return Object.entries(found);
}

/** Asks how far Secrets Manager has come, until the version is the current one. */
async function follow(
  { aws, clock }: RotateContext,
  secretId: string,
  token: string,
  tell: (state: string) => void,
): Promise<void> {
  const untilMs = clock.nowMs() + LONGEST_FOLLOW_MS;
  while (clock.nowMs() < untilMs) {
    const versions = await about(`the secret ${secretId}`, stages(aws.secretsManager, secretId));
    const labels = versions.find(([id]) => id === token)?.[1];
    if (labels?.includes('AWSCURRENT')) return;
    if (!labels) {
      throw new CliFailure(`the rotation of ${secretId} failed, and the key in use stays: see the log of rotate-key`);
    }
    tell('Secrets Manager rotates the key …');
    await new Promise<void>((resolve) => void clock.startTimer(resolve, POLL_MS));
  }
  throw new CliFailure(`the rotation of ${secretId} is not complete yet: see the log of rotate-key, or run this again`);
}
