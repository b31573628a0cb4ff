import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { looksLikeCallerKey } from '#edge/callers/key-form.ts';
import { startLocalWeir, type LocalWeir } from '#infra/local/local-weir.ts';
import { problem } from './budget-server.ts';
import { serveJson, type Answered, type Received } from './loopback-server.ts';
import { outputsWith, runWeir } from './run-weir.ts';

describe('over the local gateway, with the key that it keeps', () => {
  let weir: LocalWeir;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'weir-callers-'));
    weir = await startLocalWeir({ port: 0, dataDir, keys: {}, awsEndpoints: {} });
  });
  afterAll(async () => {
    await weir.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const callers = (...args: string[]) => runWeir(['callers', ...args], { env: { WEIR_DATA_DIR: dataDir } });
  const summarize = async (key: string) => {
    const reply = await fetch(`${weir.outputs.apiUrl}/v1/summarize`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'A weir is a low wall across a river.' }),
    });
    return reply.status;
  };

  test('A3 create shows the key alone on standard output, and what it belongs to beside it', async () => {
    const args = ['--endpoint', 'summarize', '--endpoint', 'openai/responses', '--monthly', '50.00', '--daily', '5'];
    const policy = ['--model', 'gpt-6-luna', '--cache-seconds', '60', '--redact', 'mask'];
    const limits = ['--rate', '5', '--expires', '2999-01-02'];
    const made = await callers('create', 'shop', '--owner', 'sales', ...args, ...policy, ...limits);
    expect(made.code).toBe(0);
    const key = made.stdout.trim();
    expect([made.stdout, looksLikeCallerKey(key)]).toEqual([`${key}\n`, true]);
    expect(made.stderr).toMatch(
      /^shop +active +caller +summarize,openai\/responses +\$50 +\$5 +5 +2999-01-02 00:00 +1 +sales$/m,
    );
    expect(made.stderr).toContain('Keep the key: it is shown this once');
    expect(made.stderr).not.toContain(key);
    expect(await summarize(key)).toBe(200);

    const shown = await callers('show', 'shop', '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      policy: { models: ['gpt-6-luna'], cacheSeconds: 60, redact: 'mask' },
      budget: { monthlyUsd: '50', dailyUsd: '5' },
      requestsPerSecond: 5,
      rateHeldBy: 'weir',
      expiresAt: '2999-01-02T00:00:00.000Z',
    });
    expect(shown.stdout).not.toContain(key);
  });

  test('what is said of a caller is changed, and taken away; what is not named stays', async () => {
    await callers('create', 'kiosk', '--owner', 'sales', '--endpoint', 'embed', '--monthly', '50');
    const changed = await callers('change', 'kiosk', '--rate', '25', '--daily', '5', '--expires', '2999-01-02');
    expect([changed.code, changed.stderr]).toEqual([0, '']);
    expect(changed.stdout).toMatch(/^kiosk +active +caller +embed +\$50 +\$5 +25 +2999-01-02 00:00 +1 +sales$/m);
    const ends = ['--rate', 'none', '--daily', 'none', '--expires', 'none', '--owner', 'none'];
    const { stdout, stderr } = await callers(
      'change',
      'kiosk',
      ...ends,
      '--endpoint',
      'chat',
      '--endpoint',
      'embed',
      '--json',
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      id: 'kiosk',
      endpoints: ['chat', 'embed'],
      budget: { monthlyUsd: '50', dailyUsd: null },
      requestsPerSecond: null,
      expiresAt: null,
    });
    expect(JSON.parse(stdout)).not.toHaveProperty('owner');
  });

  test.each([
    [['--rate', '7'], 'It must be one of 1, 5, 10, 25, 50, 100.'],
    [['--monthly', 'much'], 'It must be decimal US dollars'],
    [[], 'nothing to change: name one option at least'],
  ])('a change by %j is refused before anything is asked', async (flags, message) => {
    const wrong = await callers('change', 'nobody-there', ...flags);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toContain(message);
  });

  test('disable, enable, rotate, revoke a key, revoke the caller: each shows how it then stands', async () => {
    const made = JSON.parse((await callers('create', 'till', '--json')).stdout) as { key: string; keyId: string };
    const disabled = await callers('disable', 'till');
    expect([disabled.code, disabled.stderr]).toEqual([0, '']);
    expect(disabled.stdout).toMatch(/^till +disabled /m);
    expect((await callers('enable', 'till')).stdout).toMatch(/^till +active /m);

    const rotated = await callers('rotate', 'till', '--overlap', '3600');
    expect([rotated.code, await summarize(rotated.stdout.trim())]).toEqual([0, 200]);
    expect(rotated.stderr).toMatch(/^till +active .* 2 *$/m);

    const revoked = await callers('revoke', 'till', '--key', made.keyId);
    expect([revoked.code, revoked.stderr]).toEqual([0, '']);
    expect(revoked.stdout).not.toContain(made.keyId);
    expect(await summarize(made.key)).toBe(401);

    expect((await callers('revoke', 'till')).stdout).toMatch(/^till +revoked /m);
    const list = await callers('list');
    expect(list.stdout).toMatch(/^till +revoked /m);
    const ids = (await callers('list', '--json')).stdout.trimEnd().split('\n');
    expect(ids.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
      expect.arrayContaining(['shop', 'till']),
    );
    const again = await callers('create', 'till');
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/^weir: till: 409 conflict: there is, or was, a caller till; .+ \(request id .+\)\n$/);
  });

  test('what the API does not take is one line that names the field', async () => {
    const { code, stdout, stderr } = await callers('create', 'lost', '--endpoint', 'summarise');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^weir: lost: 400 invalid_request: endpoints\.0 must be the name of an endpoint or "\*"/);
    expect((await callers('show', 'lost')).stderr).toMatch(/^weir: lost: 404 not_found: there is no caller/);
  });
});

/** The command line of somebody whose API answers like this. */
async function against(answer: (request: Received) => Answered | undefined) {
  const server = await serveJson(answer);
  const folder = await mkdtemp(join(tmpdir(), 'weir-callers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'outputs.json');
  await writeFile(file, JSON.stringify(outputsWith({ apiUrl: server.url })));
  const callers = (...args: string[]) =>
    runWeir(['callers', ...args, '--outputs', file], { env: { WEIR_ADMIN_KEY: 'an-administrator' } });
  return { server, callers };
}

test('weir callers list shows all parts as one list', async () => {
  const caller = (id: string) => {
    const budget = { monthlyUsd: null, dailyUsd: null };
    return { id, state: 'active', roles: ['caller'], endpoints: ['*'], budget, expiresAt: null, keys: [] };
  };
  const parts: Readonly<Record<string, object>> = {
    '': { callers: [caller('bakery'), caller('kiosk')], next: 'kiosk' },
    'next=kiosk': { callers: [caller('shop')] },
  };
  const { server, callers } = await against(({ query }) => ({ status: 200, body: parts[query] }));
  const { code, stdout, stderr } = await callers('list', '--json');
  expect([code, stderr, server.requests.map(({ query }) => query)]).toEqual([0, '', ['', 'next=kiosk']]);
  const ids = stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  expect(ids).toEqual(['bakery', 'kiosk', 'shop']);
});

test.each([
  [['create', 'a/b'], /It must be 1 to 64 letters, digits, dots, dashes or underscores\./],
  [['create', 'shop', '--monthly', 'much'], /It must be decimal US dollars such as 50\.00/],
  [['create', 'shop', '--role', 'root'], /Allowed choices are caller, finance, administrator\./],
  [['create', 'shop', '--redact', 'some'], /Allowed choices are off, reversible, mask, block\./],
  [['create', 'shop', '--expires', 'soon'], /It must be a moment in UTC/],
  [['create', 'shop', '--expires', '2026-13-01'], /It must be a moment in UTC/],
  [['rotate', 'shop', '--overlap', '-1'], /It must be a whole number of seconds\./],
  [['rotate'], /missing required argument 'id'/],
])('weir callers %j is refused before anything is asked', async (args, message) => {
  const { server, callers } = await against(() => problem(500, 'internal', 'was asked'));
  const { code, stdout, stderr } = await callers(...args);
  expect([code, stdout, server.requests]).toEqual([2, '', []]);
  expect(stderr).toMatch(message);
});

test.each([
  [
    problem(403, 'forbidden', 'no'),
    "403 forbidden: no (request id 3f0c6f5e-0000-4000-8000-1d7e5a2b9c44); the administrator's key came from WEIR_ADMIN_KEY",
  ],
  [problem(503, 'audit_unavailable', 'not now'), 'it may have been done all the same: see callers show'],
  [{ status: 502, body: '<html>' }, '502 without a reason'],
  [{ status: 200, body: { caller: 7 } }, 'answered 200, but not with what this command knows as a caller'],
  [undefined, 'it may have been done all the same: see callers show'],
])('what the API says to a rotation is one line, and exit code 1', async (answered, said) => {
  const { callers } = await against(() => answered);
  const { code, stdout, stderr } = await callers('rotate', 'shop');
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^weir: shop: .+\n$/);
  expect(stderr).toContain(said);
});

test('every command has help with an example', async () => {
  for (const command of ['create', 'list', 'show', 'rotate', 'change', 'disable', 'enable', 'revoke']) {
    const { code, stdout } = await runWeir(['callers', command, '--help']);
    expect([command, code]).toEqual([command, 0]);
    expect(stdout).toMatch(new RegExp(`Example:\\n  npm run (--silent )?weir -- callers ${command}`));
  }
});
