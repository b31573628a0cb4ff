import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { looksLikeCallerKey } from '#edge/callers/key-form.ts';
import { iamUser, startDeployedGateway, type DeployedGateway, type IamUser } from '#test/support/deployed-gateway.ts';
import { testKey } from '#test/support/test-key.ts';
import { runWeir } from './run-weir.ts';

/** The command line before a deployment, whose gateway checks every signature. */
const ada = iamUser('ada', true);
const visitor = iamUser('visitor', false);

let gateway: DeployedGateway;
let folder: string;
let file: string;
beforeAll(async () => {
  gateway = await startDeployedGateway([ada, visitor]);
  folder = await mkdtemp(join(tmpdir(), 'weir-deployed-'));
  file = join(folder, 'cdk-outputs.json');
  await writeFile(file, JSON.stringify({ 'weir-prod-api': { Weir: JSON.stringify(gateway.outputs) } }));
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** What the AWS CLI would take. Nothing is looked for outside this process. */
function credentialsOf({ accessKeyId, secretAccessKey }: IamUser) {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
}

const weirAs = (user: IamUser | undefined, args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
  const nowhereElse = { AWS_EC2_METADATA_DISABLED: 'true', HOME: folder };
  const env = { ...nowhereElse, ...(user && credentialsOf(user)), ...more };
  return runWeir(['--outputs', file, ...args], { env });
};

test('callers and budgets of a deployment are managed with AWS credentials, and no key', async () => {
  const made = await weirAs(ada, ['callers', 'create', 'shop', '--endpoint', 'summarize', '--monthly', '50']);
  expect([made.code, looksLikeCallerKey(made.stdout.trim())]).toEqual([0, true]);
  const set = await weirAs(ada, ['budgets', 'set', 'endpoint:openai/chat-completions', '--limit', '5']);
  expect([set.code, set.stderr]).toEqual([0, '']);
  expect(set.stdout).toMatch(/^endpoint:openai\/chat-completions +month +\$5 /m);
  const shown = await weirAs(ada, ['callers', 'show', 'shop', '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({ createdBy: ada.arn, budget: { monthlyUsd: '50' } });
  const trail = await weirAs(ada, ['audit', '--json']);
  expect(
    trail.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toMatchObject([
    { by: ada.arn, action: 'caller.create', subject: 'caller:shop' },
    { by: ada.arn, action: 'budget.set', subject: 'endpoint:openai/chat-completions' },
  ]);
  expect((await weirAs(ada, ['callers', 'revoke', 'shop'])).stdout).toMatch(/^shop +revoked /m);
});

test('setup makes the first caller through the API, signed: listed, in the trail, and no administrator’s key', async () => {
  const env = { ...credentialsOf(ada), AWS_ENDPOINT_URL_SECRETS_MANAGER: gateway.weir.secrets.endpoint };
  const ran = await runWeir(['--outputs', file, 'setup', '--caller-name', 'first'], {
    env,
    stdin: testKey('deployed'),
  });
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  expect(ran.stdout).toMatch(/^Caller +weir_\w{40} {2}\(first\)$/m);
  expect(ran.stdout).toMatch(/^Smoke call +POST .+\/prod\/v1\/summarize: 200, cost \$0\.\d+/m);
  expect(ran.stdout).not.toMatch(/administrator/i);
  expect(gateway.upstream.requests.at(-1)?.key).toBe(testKey('deployed'));
  const shown = await weirAs(ada, ['callers', 'show', 'first', '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({ state: 'active', createdBy: ada.arn, roles: ['caller'] });

  const again = await runWeir(['--outputs', file, 'setup'], { env, stdin: testKey('deployed') });
  expect(again.stdout).toMatch(/^Caller +first: there already, and kept; --new-keys makes another key$/m);
});

test('setup by somebody without the policy stores the OpenAI key, and says what is missing for the rest', async () => {
  const env = { ...credentialsOf(visitor), AWS_ENDPOINT_URL_SECRETS_MANAGER: gateway.weir.secrets.endpoint };
  const { code, stdout, stderr } = await runWeir(['--outputs', file, 'setup'], { env, stdin: testKey('deployed') });
  expect([code, stdout]).toEqual([1, expect.stringContaining('now the current version of weir/openai')]);
  expect(stderr).toContain('attach the policy arn:aws:iam::111122223333:policy/weir-prod-administrators');
});

test('a session’s token is signed with the rest', async () => {
  const { code } = await weirAs(ada, ['callers', 'list'], { AWS_SESSION_TOKEN: 'a-token/with+signs=' });
  expect(code).toBe(0);
});

test('an administrator’s key that lies about is not shown to a deployment', async () => {
  const key = ['an', 'administrator'].join('-');
  const { code, stderr } = await weirAs(undefined, ['callers', 'list'], { WEIR_ADMIN_KEY: key });
  expect(code).toBe(1);
  expect(stderr).toBe(
    'weir: AWS credentials: no AWS credentials were found; sign in (aws sso login) or set AWS_PROFILE\n',
  );
});

test('who lacks the policy is told to have it attached', async () => {
  const { code, stdout, stderr } = await weirAs(visitor, ['budgets', 'list']);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /^weir: budgets: 403 forbidden: this key, or who signed this, may not use this \(request id .+\); attach the policy arn:aws:iam::\d+:policy\/weir-prod-administrators-eu-central-1 to the IAM role or user that you are \(aws sts get-caller-identity\)\n$/,
  );
});

test('a wrong secret is a signature that the gateway does not take, and nothing is done', async () => {
  const wrong = { ...ada, secretAccessKey: `${ada.secretAccessKey}x` };
  const { code, stderr } = await weirAs(wrong, ['callers', 'create', 'lost']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('lost: 403 forbidden: the signature is not valid')]);
  expect(stderr).not.toContain(ada.secretAccessKey);
  expect((await weirAs(ada, ['callers', 'show', 'lost'])).stderr).toContain('404 not_found: there is no caller');
});
