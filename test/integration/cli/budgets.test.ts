import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { findAdminKey } from '#infra/cli/budgets/admin-key.ts';
import { keepLocalKeys } from '#infra/local/local-keys.ts';
import { startLocalWeir } from '#infra/local/local-weir.ts';
import type { WeirOutputs } from '#infra/outputs.ts';
import { problem, startBudgetServer, type BudgetServerOptions, type ServedBudget } from './budget-server.ts';
import { outputsWith, runWeir, type RunOptions } from './run-weir.ts';

const adminKey = 'an-administrator';
const env = { WEIR_ADMIN_KEY: adminKey };

const month = { window: 'month', resetsAt: '2026-12-01T00:00:00.000Z' } as const;
const day = { window: 'day', resetsAt: '2026-11-23T00:00:00.000Z' } as const;
const summarize: ServedBudget = {
  scope: 'endpoint:summarize',
  ...month,
  limitUsd: '50',
  spentUsd: '12.0345',
  heldUsd: '0.002',
};
const shop: ServedBudget = { scope: 'caller:shop', ...day, limitUsd: null, spentUsd: '3.5', heldUsd: '0' };
const account: ServedBudget = {
  scope: 'account',
  ...month,
  limitUsd: '1000',
  spentUsd: '1001.25',
  heldUsd: '10.000000000001',
  shards: 4,
};
const chat: ServedBudget = { ...summarize, scope: 'endpoint:openai/chat-completions' };

/** A server of budgets, and the command line of somebody whose Weir it is. */
async function start(options: Partial<BudgetServerOptions> = {}, deployed: 'local' | 'deployed' = 'local') {
  const server = await startBudgetServer({ adminKey, budgets: [summarize, shop, account, chat], ...options });
  const folder = await mkdtemp(join(tmpdir(), 'weir-budgets-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'outputs.json');
  const { awsEndpoints, ...others } = outputsWith({ apiUrl: server.url });
  const outputs: WeirOutputs = deployed === 'deployed' ? others : { ...others, awsEndpoints };
  await writeFile(file, JSON.stringify(outputs));
  const budgets = (args: readonly string[], run: RunOptions = { env }) =>
    runWeir(['budgets', ...args, '--outputs', file], run);
  return { server, folder, file, outputs, budgets };
}

test('show tells a person what is spent, held and left, and when it resets', async () => {
  const { server, budgets } = await start();

  const ran = await budgets(['show', 'endpoint:summarize']);

  expect(ran).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      'scope               window  limit     spent    held      left  resets (UTC)',
      'endpoint:summarize  month     $50  $12.0345  $0.002  $37.9635  2026-12-01 00:00',
      '',
    ].join('\n'),
  });
  expect(server.requests).toMatchObject([
    { method: 'GET', path: '/v1/budgets/endpoint%3Asummarize', query: 'window=month', key: adminKey },
  ]);
});

test('show --window day asks for the day’s budget', async () => {
  const { server, budgets } = await start();
  const { code, stdout } = await budgets(['show', 'caller:shop', '--window', 'day']);
  expect([code, server.requests[0]!.query]).toEqual([0, 'window=day']);
  expect(stdout).toMatch(/^caller:shop +day +none +\$3\.5 +\$0 +- +2026-11-23 00:00$/m);
});

test.each([
  ['endpoint:openai/chat-completions', '/v1/budgets/endpoint%3Aopenai%2Fchat-completions'],
  ['caller:a b?c#d%2f../..', '/v1/budgets/caller%3Aa%20b%3Fc%23d%252f..%2F..'],
  ['account', '/v1/budgets/account'],
])('the scope %s is one segment of the path', async (scope, path) => {
  const { server, budgets } = await start({ instead: () => ({ status: 200, body: { ...summarize, scope } }) });
  const { code, stdout } = await budgets(['show', scope, '--json']);
  expect([code, server.requests[0]!.path]).toEqual([0, path]);
  expect(JSON.parse(stdout)).toMatchObject({ scope });
});

test('list is a table with amounts under one another, a debt as what it is', async () => {
  const { budgets } = await start();
  expect(await budgets(['list'])).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      'scope                             window  limit       spent              held               left  resets (UTC)      shards',
      'endpoint:summarize                month     $50    $12.0345   $0.002            $37.9635          2026-12-01 00:00',
      'caller:shop                       day      none     $3.5      $0                  -               2026-11-23 00:00',
      'account                           month   $1000  $1001.25    $10.000000000001  -$11.250000000001  2026-12-01 00:00       4',
      'endpoint:openai/chat-completions  month     $50    $12.0345   $0.002            $37.9635          2026-12-01 00:00',
      '',
    ].join('\n'),
  });
});

test('list --json is one line a budget, as the API told it', async () => {
  const later = { ...summarize, ofALaterVersion: 1 };
  const { budgets } = await start({ budgets: [later, account] });
  const { code, stdout } = await budgets(['list', '--json']);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([later, account]);
});

test('set changes the limit and the shards, and shows the budget as it then stands', async () => {
  const { server, budgets } = await start();

  const ran = await budgets(['set', 'account', '--window', 'month', '--limit', '2000.50', '--shards', '8']);

  expect([ran.code, ran.stderr]).toEqual([0, '']);
  expect(ran.stdout).toMatch(/^account +month +\$2000\.5 .+ 8$/m);
  expect(server.requests).toMatchObject([
    {
      method: 'PUT',
      path: '/v1/budgets/account',
      key: adminKey,
      headers: { 'content-type': 'application/json' },
      body: { window: 'month', limitUsd: '2000.50', shards: 8 },
    },
  ]);
});

test('set --no-limit takes the limit away, and sends no shards that nobody named', async () => {
  const { server, budgets } = await start();
  const { code, stdout } = await budgets(['set', 'caller:shop', '--window', 'day', '--no-limit', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(shop);
  expect(server.requests[0]!.body).toEqual({ window: 'day', limitUsd: null });
});

test('a limit of nothing is a limit', async () => {
  const { server, budgets } = await start();
  expect((await budgets(['set', 'account', '--limit', '0'])).code).toBe(0);
  expect(server.requests[0]!.body).toEqual({ window: 'month', limitUsd: '0' });
});

test.each([
  [
    ['show', 'summarize'],
    /'summarize' is invalid for argument 'scope'. It must be endpoint:<name>, caller:<id> or account\./,
  ],
  [['show', 'caller:'], /It must be endpoint:<name>, caller:<id> or account\./],
  [['show', 'account', '--window', 'week'], /Allowed choices are month, day\./],
  [['set', 'account'], /say what may be spent: --limit <usd>, or --no-limit/],
  [['set', 'account', '--shards', '4'], /say what may be spent: --limit <usd>, or --no-limit/],
  [['set', 'account', '--limit', '5', '--no-limit'], /--limit and --no-limit exclude each other/],
  [['set', 'account', '--no-limit', '--limit', '5'], /--limit and --no-limit exclude each other/],
  [['set', 'account', '--limit', '-5'], /It must be decimal US dollars such as 50\.00/],
  [['set', 'account', '--limit', '5e3'], /It must be decimal US dollars such as 50\.00/],
  [['set', 'account', '--limit', '0.0000000000001'], /with at most 12 decimals/],
  [['set', 'account', '--limit', '5', '--shards', '0'], /It must be a whole number of at least 1\./],
])('weir budgets %j is refused before anything is asked', async (args, message) => {
  const { server, budgets } = await start();
  const { code, stdout, stderr } = await budgets(args);
  expect([code, stdout, server.requests]).toEqual([2, '', []]);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test.each([
  ['show', problem(404, 'not_found', 'there is no such\nendpoint'), '404 not_found: there is no such endpoint'],
  ['show', { status: 502, body: '<html><title>Bad Gateway' }, '502 without a reason'],
  [
    'show',
    { status: 200, body: { scope: 'account' } },
    'answered 200, but not with what this command knows as a budget',
  ],
  ['show', { status: 200, body: { ...account, spentUsd: 7 } }, 'answered 200, but not with what this command knows'],
  ['show', { status: 200, body: 'cut {' }, 'answered 200, but not with what this command knows as a budget'],
  ['show', undefined, 'no answer ('],
  ['set', problem(400, 'invalid_request', 'limitUsd must be …'), '400 invalid_request: limitUsd must be …'],
  ['set', problem(503, 'budget_unavailable', 'not now'), 'the limit may have changed all the same: see budgets show'],
  ['set', undefined, 'the limit may have changed all the same: see budgets show'],
])('what the API says to %s is one line, and exit code 1', async (command, answered, said) => {
  const { budgets } = await start({ instead: () => answered });
  const args = command === 'set' ? ['set', 'account', '--limit', '5'] : [command, 'account'];
  const { code, stdout, stderr } = await budgets(args);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^weir: account: .+\n$/);
  expect(stderr).toContain(said);
});

test('a problem is told with its request id', async () => {
  const { budgets } = await start();
  const { code, stderr } = await budgets(['show', 'endpoint:nope']);
  expect([code, stderr]).toEqual([
    1,
    'weir: endpoint:nope: 404 not_found: endpoint:nope is no scope (request id 3f0c6f5e-0000-4000-8000-1d7e5a2b9c44)\n',
  ]);
});

test('where no Weir listens it says so, and leaves no doubt that nothing changed', async () => {
  const { file, outputs, budgets } = await start();
  await writeFile(file, JSON.stringify({ ...outputs, apiUrl: 'http://127.0.0.1:2' }));
  const { code, stderr } = await budgets(['set', 'account', '--limit', '5']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^weir: account: no answer \(.*nothing listens there; is Weir running \(npm start\)\?\)\n$/);
});

test('a local start’s key is found beside its outputs', async () => {
  const { folder, server, budgets } = await start();
  const { administrator } = await keepLocalKeys(folder, {});

  const ran = await budgets(['list'], {});

  expect(server.requests).toMatchObject([{ key: administrator }]);
  // The server knows another one: the person is told which was tried, and not what it is.
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain(
    `budgets: 403 forbidden: only an administrator may do this (request id 3f0c6f5e-0000-4000-8000-1d7e5a2b9c44); the administrator's key came from ${join(folder, 'keys.json')}`,
  );
  expect(ran.stderr).not.toContain(administrator);
});

test('WEIR_ADMIN_KEY goes before the kept key', async () => {
  const { folder, server, budgets } = await start();
  await keepLocalKeys(folder, {});
  expect((await budgets(['list'])).code).toBe(0);
  expect(server.requests).toMatchObject([{ key: adminKey }]);
});

test('a deployment is never shown this machine’s key', async () => {
  const { folder, server, budgets } = await start({}, 'deployed');
  await keepLocalKeys(folder, {});
  for (const key of [{}, env]) {
    const { code, stderr } = await budgets(['list'], { env: { ...key, AWS_EC2_METADATA_DISABLED: 'true' } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('no AWS credentials were found; sign in')]);
  }
  expect(server.requests).toEqual([]);
});

test('a local start without a kept key is asked with one that is piped in', async () => {
  const { server, budgets } = await start();
  const without = await budgets(['list'], { env: {} });
  expect(without).toEqual({
    code: 2,
    stdout: '',
    stderr: "weir: no administrator's key came on standard input; try: set WEIR_ADMIN_KEY, or pipe the key in\n",
  });
  expect(server.requests).toEqual([]);

  const piped = await budgets(['list'], { stdin: `${adminKey}\n`, env: {} });
  expect([piped.code, piped.stderr]).toEqual([0, '']);
  expect(server.requests).toMatchObject([{ key: adminKey }]);
});

test('on a terminal the key is asked for, and not shown', async () => {
  const { file } = await start();
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];

  const asking = findAdminKey({ file }, undefined, { stdin, stdout, stderr });
  stdin.write(`${adminKey}\r`);

  expect(await asking).toEqual({ value: adminKey, from: 'the terminal' });
  expect(String(stderr.read())).toBe("administrator's key (not shown): \n");
});

test.each([
  ['two words', /white space inside it/],
  ['кey-of-another-alphabet', /must be plain ASCII/],
  ['x'.repeat(600), /must have 1 to 512 characters, but has 600/],
])('an administrator’s key that cannot be one is not sent, nor shown', async (key, message) => {
  const { server, budgets } = await start();
  const { code, stderr } = await budgets(['list'], { env: { WEIR_ADMIN_KEY: key } });
  expect([code, server.requests]).toEqual([2, []]);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain(key);
});

test('kept keys that are none are named and not quoted', async () => {
  const { folder, budgets } = await start();
  const file = join(folder, 'keys.json');
  await writeFile(file, 'tender { words');
  expect(await budgets(['list'], {})).toEqual({
    code: 2,
    stdout: '',
    stderr: `weir: ${file} holds no keys of a local start\n`,
  });
  expect(await readFile(file, 'utf8')).toBe('tender { words');
});

test('over the local gateway, with the key that it keeps: what is set is what a call is held to', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-budgets-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const weir = await startLocalWeir({ port: 0, dataDir, keys: {}, awsEndpoints: {} });
  onTestFinished(() => weir.stop());
  const budgets = (...args: string[]) => runWeir(['budgets', ...args], { env: { WEIR_DATA_DIR: dataDir } });

  const set = await budgets('set', 'endpoint:summarize', '--limit', '0.0000000001');
  expect([set.code, set.stderr]).toEqual([0, '']);

  const call = await fetch(`${weir.outputs.apiUrl}/v1/summarize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${weir.keys.caller}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'A weir is a low wall across a river.' }),
  });
  expect(call.status).toBe(402);

  const { code, stdout } = await budgets('show', 'endpoint:summarize', '--json');
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { limitUsd: '0.0000000001', spentUsd: '0', heldUsd: '0' }]);
  const list = await budgets('list');
  expect(list.stdout).toMatch(/^endpoint:summarize +month +\$0\.0000000001 /m);

  // The slash, the percent sign and the rest come through the gateway as they were meant.
  const odd = await budgets('set', 'caller:team/a%2f?#', '--window', 'day', '--limit', '1', '--json');
  expect(JSON.parse(odd.stdout)).toMatchObject({ scope: 'caller:team/a%2f?#', window: 'day', limitUsd: '1' });
});
