import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAwsClients, type AwsClients } from '#infra/cli/aws-clients.ts';
import { readKey } from '#infra/cli/read-key.ts';
import { startLocalWeir, type LocalWeir } from '#infra/local/local-weir.ts';
import type { WeirOutputs } from '#infra/outputs.ts';
import { hashCallerKey } from '#edge/caller-key.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { runWeir, type RunOptions } from './run-weir.ts';

const OPENAI_KEY = { name: 'OpenAI key', advice: 'again', minChars: 20 };
const KEY_LINE = /^Caller +(weir_[0-9A-Za-z]{40}) {2}\((.+)\)$/gm;

/** The keys that a set-up showed, by whose they are. */
function shownKeys(stdout: string): Record<string, string> {
  return Object.fromEntries([...stdout.matchAll(KEY_LINE)].map(([, key, name]) => [name, key as string]));
}

describe('weir setup, over the local gateway', () => {
  let folder: string;
  let upstream: ScriptedUpstream;
  let weir: LocalWeir;
  let aws: AwsClients;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-setup-'));
    upstream = await startScriptedUpstream({ validKeys: [testKey('valid'), testKey('second')] });
    weir = await startLocalWeir({
      port: 0,
      dataDir: folder,
      keys: {},
      openaiBaseUrl: upstream.baseUrl,
      awsEndpoints: {},
    });
    aws = createAwsClients(weir.outputs);
  });
  afterAll(async () => {
    aws[Symbol.dispose]();
    await weir.stop();
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const setUp = (args: readonly string[], options: RunOptions) =>
    runWeir(['setup', ...args], { ...options, env: { WEIR_DATA_DIR: folder, ...options.env } });
  const secretValue = async (VersionStage = 'AWSCURRENT') => {
    const command = new GetSecretValueCommand({ SecretId: weir.outputs.secrets['openai'], VersionStage });
    return (await aws.secretsManager.send(command)).SecretString;
  };
  const call = (path: string, key: string, body?: object) =>
    fetch(weir.outputs.apiUrl + path, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });

  let callerKey: string;

  test('a fresh deployment gets its key, its first caller and a first call', async () => {
    const ran = await setUp(['--caller-name', 'shop'], { stdin: `${testKey('valid')}\n` });

    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(await secretValue()).toBe(testKey('valid'));
    expect(ran.stdout).not.toContain(testKey('valid'));
    expect(ran.stdout).toMatch(
      /Smoke call +POST http.+\/v1\/summarize: 200, cost \$0\.\d+, model gpt-.+, call [0-9a-z]{26}/,
    );
    expect(upstream.requests.map(({ key }) => key)).toEqual([testKey('valid')]);

    expect(Object.keys(shownKeys(ran.stdout))).toEqual(['shop']);
    callerKey = shownKeys(ran.stdout)['shop']!;
  });

  test('A3 the key that it showed is good for what it is for, stored as its hash alone, and its caller a managed one', async () => {
    const asked = { text: 'The smoke call again, by hand.' };
    expect((await call('/v1/summarize', callerKey, asked)).status).toBe(200);
    expect((await call('/v1/spend', callerKey)).status).toBe(403);
    const spend = await call('/v1/spend?by=caller', weir.keys.administrator);
    expect([spend.status, await spend.json()]).toMatchObject([200, { rows: [{ caller: 'shop', calls: 2 }] }]);

    const { Items: items = [] } = await aws.dynamodb.send(new ScanCommand({ TableName: weir.outputs.tables.callers }));
    const stored = JSON.stringify(items);
    expect(stored).toContain(hashCallerKey(callerKey));
    expect(stored).not.toContain(callerKey);

    const shown = await call('/v1/callers/shop', weir.keys.administrator);
    expect(await shown.json()).toMatchObject({ state: 'active', createdBy: 'local-administrator', keys: [{}] });
    const trail = await call('/v1/audit', weir.keys.administrator);
    expect(await trail.json()).toMatchObject({ entries: [{ action: 'caller.create', subject: 'caller:shop' }] });
  });

  test('run again it sets the key again, keeps the caller, and calls with WEIR_CALLER_KEY', async () => {
    const before = upstream.requests.length;
    const without = await setUp([], { stdin: testKey('second') });
    expect(without).toMatchObject({ code: 0, stderr: '' });
    expect(without.stdout).toMatch(/^Caller +shop: there already, and kept; --new-keys makes another key$/m);
    expect(without.stdout).toContain('not made: it needs the key of a caller');
    expect([await secretValue(), await secretValue('AWSPREVIOUS')]).toEqual([testKey('second'), testKey('valid')]);
    expect(shownKeys(without.stdout)).toEqual({});
    expect(upstream.requests.length).toBe(before);

    const given = await setUp([], { stdin: testKey('second'), env: { WEIR_CALLER_KEY: callerKey } });
    expect(given.code).toBe(0);
    expect(given.stdout).toMatch(/: 200, cost \$0, model gpt-.+, cache hit/);
    expect(given.stdout).not.toContain(callerKey);
  });

  test('--new-keys makes another key of the caller, beside which the first one still works', async () => {
    const { code, stdout } = await setUp(['--new-keys', '--caller-name', 'shop'], { stdin: testKey('second') });
    expect(code).toBe(0);
    const asked = { text: 'A call with either key.' };
    for (const key of [shownKeys(stdout)['shop']!, callerKey]) {
      expect((await call('/v1/summarize', key, asked)).status).toBe(200);
    }
    const shown = await call('/v1/callers/shop', weir.keys.administrator);
    const { keys } = (await shown.json()) as { keys: { expiresAt: string | null }[] };
    expect(keys.map(({ expiresAt }) => expiresAt === null)).toEqual([false, true]);
  });

  test('--no-keys sets the key and touches nothing else, in a secret that did not exist', async () => {
    const tables = { ...weir.outputs.tables, callers: 'no-such-table' };
    const outputs: WeirOutputs = { ...weir.outputs, secrets: { openai: 'weir/other' }, tables };
    const file = join(folder, 'other.json');
    await writeFile(file, JSON.stringify(outputs));

    const ran = await setUp(['--no-keys', '--outputs', file], { stdin: testKey('third') });

    expect(ran).toEqual({ code: 0, stdout: 'OpenAI key     put into the new secret weir/other\n', stderr: '' });
    const stored = await aws.secretsManager.send(new GetSecretValueCommand({ SecretId: 'weir/other' }));
    expect(stored.SecretString).toBe(testKey('third'));
  });

  test('a keyless deployment has no key to set: it asks for none, and goes on to keys and call', async () => {
    const file = join(folder, 'keyless.json');
    await writeFile(file, JSON.stringify({ ...weir.outputs, secrets: {}, keyless: ['openai'] }));
    const { code, stdout } = await setUp(['--outputs', file], { env: { WEIR_CALLER_KEY: callerKey } });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^OpenAI key +none: openai is keyless\nCaller .+\nSmoke call .+: 200,/);

    const keyOnly = await setUp(['--no-keys', '--outputs', file], { stdin: testKey('second') });
    expect([keyOnly.code, keyOnly.stderr]).toEqual([2, 'weir: openai is keyless: there is no OpenAI key to set\n']);
  });

  test('an API that is not there is named in one line', async () => {
    const file = join(folder, 'no-api.json');
    await writeFile(file, JSON.stringify({ ...weir.outputs, apiUrl: 'http://127.0.0.1:2' }));

    const { code, stderr } = await setUp(['--outputs', file], { stdin: testKey('second') });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^weir: callers: no answer \(.+nothing listens there.+\)\n$/);
  });

  test('a key that OpenAI refuses fails the smoke call, which says what to look at', async () => {
    upstream.validKeys.clear();
    upstream.validKeys.add(testKey('nobody has this one'));

    const { code, stdout } = await setUp(['--new-keys', '--caller-name', 'fresh'], {
      stdin: testKey('refused'),
    });

    expect(code).toBe(1);
    expect(stdout).toMatch(
      /: 502, .+\n +upstream_credential: .+\n +look at: the OpenAI key; .+ \(request id [0-9a-f-]{36}\)/,
    );
    expect(stdout).not.toContain(testKey('refused'));
  });

  describe('refuses, before it changes anything,', () => {
    let before: string | undefined;
    beforeEach(async () => {
      before = await secretValue();
    });

    const inner = testKey('with inner').replace('-with', ' with');
    test.each([
      ['no key', [], '\n', /no OpenAI key came on standard input; try: /],
      ['white space inside a key', [], inner, /the OpenAI key must be one word, but there is white space inside it/],
      ['a key that is too short', [], 'tooshort', /must have 20 to 512 characters, but has 8/],
      ['a key of another alphabet', [], 'ключ'.repeat(8), /must be plain ASCII/],
      ['a whole file', [], 'x'.repeat(5000), /must hold the OpenAI key alone, but more than 4096 characters came/],
      [
        'a secret that no function reads',
        ['--secret', 'opnai'],
        testKey('x'),
        /--secret must be one of openai, but 'opnai'/,
      ],
      [
        'a name with spaces',
        ['--caller-name', 'my shop'],
        testKey('x'),
        /--caller-name must be 1 to 64 .+ but 'my shop'/,
      ],
    ])('%s', async (_, args, stdin, message) => {
      const { code, stdout, stderr } = await setUp(args, { stdin });

      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      if (stdin.trim() !== '') expect(stderr).not.toContain(stdin.trim());
      expect(await secretValue()).toBe(before);
    });

    test('a key given as an argument, without repeating it', async () => {
      const { code, stdout, stderr } = await setUp([testKey('slip'), `--key=${testKey('slip')}`], {});
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).not.toContain(testKey('slip'));
    });
  });

  test('of two who make the first caller at once, one has its key, and the other is told', async () => {
    const both = await Promise.all(
      [0, 1].map(() => setUp(['--new-keys', '--caller-name', 'raced'], { stdin: testKey('second') })),
    );
    // Who comes late enough to see the other's caller makes it a second key.
    for (const { code, stdout, stderr } of both) {
      if (shownKeys(stdout)['raced'] === undefined) expect([code, stderr]).toEqual([1, expect.stringContaining('409')]);
    }
    const shown = await call('/v1/callers/raced', weir.keys.administrator);
    const { keys } = (await shown.json()) as { keys: unknown[] };
    expect(keys).toHaveLength(both.filter(({ stdout }) => shownKeys(stdout)['raced'] !== undefined).length);
  });
});

test('on a terminal it asks, in raw mode, and no keystroke is echoed', async () => {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  });
  const stderr = new PassThrough();

  const reading = readKey(OPENAI_KEY, { stdin, stderr });
  stdin.write(`${testKey('tipped')}\u007F\u007F0\r`);
  const key = await reading;
  stderr.end();

  expect(key).toBe(testKey('tipped').slice(0, -1));
  expect(await text(stderr)).toBe('OpenAI key (not shown): \n');
  expect(modes).toEqual([true, false]);
});

test('Ctrl-C at the prompt changes nothing', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });

  const reading = readKey(OPENAI_KEY, { stdin, stderr: new PassThrough() });
  stdin.write('half a key\u0003');

  await expect(reading).rejects.toMatchObject({ message: 'interrupted; nothing was changed', exitCode: 130 });
});
