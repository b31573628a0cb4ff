import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAwsClients, type AwsClients } from '#infra/cli/aws-clients.ts';
import { startLocalWeir, type LocalWeir } from '#infra/local/local-weir.ts';
import { readStoredKey } from '#upstream/stored-key.ts';
import { serveJson } from './loopback-server.ts';
import { outputsWith, runWeir } from './run-weir.ts';

let folder: string;
let weir: LocalWeir;
let aws: AwsClients;

// As `npm start` without any key: the upstream and its Admin API are simulated.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-rotate-'));
  weir = await startLocalWeir({ port: 0, dataDir: folder, keys: {}, awsEndpoints: {} });
  aws = createAwsClients(weir.outputs);
});
afterAll(async () => {
  aws[Symbol.dispose]();
  await weir.stop();
  await rm(folder, { recursive: true, force: true });
});

const rotate = (...args: string[]) => runWeir(['rotate', ...args], { env: { WEIR_DATA_DIR: folder } });
const inUse = async () => {
  const command = new GetSecretValueCommand({ SecretId: 'weir/openai' });
  return readStoredKey((await aws.secretsManager.send(command)).SecretString!);
};

test('rotate says each step, and a new key is in use; no key is shown', async () => {
  const first = await rotate('openai');
  expect([first.code, first.stdout]).toEqual([
    0,
    'openai has a new key, of proj_simulated; the one before is revoked in a day, unless it was put by hand\n',
  ]);
  expect(first.stderr.match(/^\w+(?=:)/gm)).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret']);
  const { id, value } = await inUse();
  expect(first.stdout + first.stderr).not.toContain(value);

  const second = await rotate('summarize');
  expect(second.stderr).toContain(`the key before, ${id}, is revoked 24 hours from now`);
  expect((await inUse()).id).not.toBe(id);
  const reply = await fetch(`${weir.outputs.apiUrl}/v1/summarize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${weir.keys.caller}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'A weir is a low wall across a river.' }),
  });
  expect(reply.status).toBe(200);
});

test('a rotation that broke off is taken up again', async () => {
  const { VersionId: token } = await aws.secretsManager.send(new RotateSecretCommand({ SecretId: 'weir/openai' }));
  const { code, stderr } = await rotate('openai');
  expect([code, stderr]).toEqual([0, expect.stringContaining('An earlier rotation was not complete')]);
  const { VersionIdsToStages: stages } = await aws.secretsManager.send(
    new DescribeSecretCommand({ SecretId: 'weir/openai' }),
  );
  expect(stages?.[token!]).toContain('AWSCURRENT');
});

test('a name that is no secret’s and no endpoint’s is refused before anything is done', async () => {
  const { code, stderr } = await rotate('nothing');
  expect([code, stderr]).toEqual([
    2,
    "weir: the name must be one of openai, or an endpoint's, but 'nothing' was provided\n",
  ]);
});

test.each(['openai', 'summarize'])('a keyless %s has no key to rotate', async (name) => {
  const file = join(folder, 'keyless.json');
  await writeFile(file, JSON.stringify({ ...outputsWith({}), secrets: {}, keyless: ['openai'] }));
  const { code, stderr } = await runWeir(['rotate', name, '--outputs', file]);
  expect([code, stderr]).toEqual([2, 'weir: openai is keyless: it has no key to rotate\n']);
});

test.each([
  ['on this machine', outputsWith({}), 'start Weir with OPENAI_ADMIN_KEY and OPENAI_PROJECT_ID'],
  ['on AWS', { ...outputsWith({}), awsEndpoints: undefined }, 'deploy with -c openaiProjects=openai=proj_…'],
])('without an OpenAI project, %s, it says what to do', async (_where, outputs, advice) => {
  const file = join(folder, 'without.json');
  await writeFile(file, JSON.stringify(outputs));
  const { code, stderr } = await runWeir(['--outputs', file, 'rotate', 'openai']);
  expect([code, stderr]).toEqual([2, `weir: no OpenAI project is known for openai: ${advice}\n`]);
});

test('a step that fails is named with its reason, and the key in use stays', async () => {
  const { url } = await serveJson(() => ({ status: 500, body: { error: { message: 'Not now.' } } }));
  const file = join(folder, 'down.json');
  await writeFile(file, JSON.stringify({ ...weir.outputs, upstream: { baseUrl: `${url}/v1`, simulated: true } }));
  const before = await inUse();
  const { code, stderr } = await runWeir(['--outputs', file, 'rotate', 'openai']);
  expect([code, stderr]).toEqual([1, 'weir: createSecret failed, and the key in use stays: 500 Not now.\n']);
  expect(await inUse()).toEqual(before);
  expect((await rotate('openai')).code).toBe(0);
});

test('rotate --help tells what it does', async () => {
  const { code, stdout } = await runWeir(['rotate', '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('--admin-key');
  expect(stdout).toContain('The key before is revoked a day later');
});

/** Runs against what it takes for AWS, and hands the rotation that it began to the test, which stands in for Secrets Manager. */
async function rotateOnAws(then: (token: string, before: string) => Promise<unknown>) {
  const file = join(folder, 'aws.json');
  const { awsEndpoints, ...outputs } = weir.outputs;
  await writeFile(file, JSON.stringify(outputs));
  const env = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: awsEndpoints!.secretsmanager,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const ran = runWeir(['--outputs', file, 'rotate', 'openai'], { env });
  for (;;) {
    const describe = new DescribeSecretCommand({ SecretId: 'weir/openai' });
    const stages = Object.entries((await aws.secretsManager.send(describe)).VersionIdsToStages ?? {});
    const before = stages.find(([, labels]) => labels.includes('AWSCURRENT'))![0];
    const open = stages.find(([id, labels]) => labels.includes('AWSPENDING') && id !== before);
    if (open) {
      await then(open[0], before);
      return ran;
    }
  }
}

test('on AWS it begins a rotation and follows until the new version is the current one', async () => {
  const SecretId = 'weir/openai';
  const { code, stdout } = await rotateOnAws(async (token, before) => {
    const move = { SecretId, VersionStage: 'AWSCURRENT', MoveToVersionId: token, RemoveFromVersionId: before };
    const put = {
      SecretId,
      ClientRequestToken: token,
      SecretString: '{"id":"key_x","value":"x"}',
      VersionStages: ['AWSPENDING'],
    };
    await aws.secretsManager.send(new PutSecretValueCommand(put));
    await aws.secretsManager.send(new UpdateSecretVersionStageCommand(move));
  });
  expect([code, stdout]).toEqual([0, expect.stringContaining('openai has a new key')]);
});

test('on AWS a rotation that failed is told', async () => {
  const { code, stderr } = await rotateOnAws((token) => {
    const move = { SecretId: 'weir/openai', VersionStage: 'AWSPENDING', RemoveFromVersionId: token };
    return aws.secretsManager.send(new UpdateSecretVersionStageCommand(move));
  });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining(
      'weir: the rotation of weir/openai failed, and the key in use stays: see the log of rotate-key\n',
    ),
  ]);
});
