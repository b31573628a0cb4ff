import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { formatUsd } from '#platform/money.ts';
import { localPlatform, readLedger } from '#test/support/local-ledger.ts';
import { isAlive, StartedWeir } from '#test/support/started-weir.ts';

const run = promisify(execFile);

/** A data folder that is gone when the test is over, with whatever still runs in it ended. */
async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-start-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts Weir; whatever becomes of it, it is gone when the test is over. */
function spawned(dataDir: string, variables: Record<string, string> = {}): StartedWeir {
  const weir = new StartedWeir(dataDir, variables);
  onTestFinished(async () => {
    if (weir.process.exitCode === null && weir.process.signalCode === null) await weir.interrupt();
  });
  return weir;
}

async function start(dataDir: string, variables: Record<string, string> = {}): Promise<StartedWeir> {
  return spawned(dataDir, variables).ready();
}

/** The lines to try, as they stand on the terminal. */
function curlLines({ stdout }: StartedWeir): string[] {
  return stdout.split('\n').flatMap((line) => (/^ +curl /.test(line) ? line.trim() : []));
}

interface Printed {
  readonly status: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Has a shell run a line: with the machine's curl, or with one of ours that does the same. */
async function shell(line: string, folder: string, which: 'own curl' | 'curl of ours'): Promise<Printed> {
  const bin = join(folder, 'bin');
  if (which === 'curl of ours') {
    await mkdir(bin, { recursive: true });
    await copyFile(resolve(import.meta.dirname, '../support/curl.cjs'), join(bin, 'curl'));
    await chmod(join(bin, 'curl'), 0o755);
  }
  const nodeFolder = resolve(process.execPath, '..');
  const { stdout } = await run('sh', ['-c', line], {
    env: { PATH: [bin, nodeFolder, process.env['PATH']].join(delimiter) },
  });
  const [head = '', ...rest] = stdout.startsWith('HTTP/') ? stdout.split('\r\n\r\n') : ['', stdout];
  const [statusLine = '', ...fields] = head.split('\r\n');
  const headers = fields.map((field) => [field.split(': ')[0]!.toLowerCase(), field.split(': ')[1] ?? '']);
  return {
    status: statusLine.split(' ')[1],
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: JSON.parse(rest.join('\r\n\r\n')) as unknown,
  };
}

async function hasCurl(): Promise<boolean> {
  return run('sh', ['-c', 'command -v curl']).then(
    () => true,
    () => false,
  );
}

async function summarize(weir: StartedWeir, text: string, key = weir.keys.caller): Promise<Response> {
  return fetch(`${weir.outputs.apiUrl}/v1/summarize`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ text }),
  });
}

const ledgerOf = (weir: StartedWeir) => readLedger(localPlatform(weir.outputs.awsEndpoints?.dynamodb));

test('the three lines that start-up prints work as printed: a miss, a hit, and what both cost', async () => {
  const folder = await dataFolder();
  const weir = await start(folder);
  const [ask = '', askAgain = '', spend = '', ...more] = curlLines(weir);
  expect(more).toEqual([]);

  const first = await shell(ask, folder, 'curl of ours');
  expect([first.status, first.headers['x-weir-cache'], first.headers['x-weir-upstream']]).toEqual([
    '200',
    'miss',
    'simulated',
  ]);
  expect(first.body).toEqual({ summary: expect.stringMatching(/^A weir is a low wall/) });
  const second = await shell(askAgain, folder, (await hasCurl()) ? 'own curl' : 'curl of ours');
  expect([second.status, second.headers['x-weir-cache'], second.headers['x-weir-cost-usd']]).toEqual([
    '200',
    'hit',
    '0',
  ]);
  expect(second.body).toEqual(first.body);

  const report = (await shell(spend, folder, 'curl of ours')).body as { totalUsd: string; rows: object[] };
  expect(report.rows).toMatchObject([{ endpoint: 'summarize', calls: 2, cacheHits: 1, costUsd: report.totalUsd }]);
  const entries = await ledgerOf(weir);
  expect(entries).toHaveLength(2);
  expect(report.totalUsd).toBe(formatUsd(entries.reduce((sum, { costPico }) => sum + costPico, 0n)));
  expect(report.totalUsd).toBe(first.headers['x-weir-cost-usd']);
});

test('start-up says in plain words where it is, with which keys, and that the upstream is simulated', async () => {
  const weir = await start(await dataFolder());
  expect(weir.stdout).toContain(`Weir is at ${weir.outputs.apiUrl}`);
  expect(weir.stdout).toContain('THE UPSTREAM IS SIMULATED');
  expect(Object.values(weir.keys)).toEqual([expect.stringMatching(/^weir_/), expect.stringMatching(/^weir_/)]);
  expect((await fetch(`${weir.outputs.apiUrl}/health`)).status).toBe(200);
  await summarize(weir, 'A weir.');
  const { exitCode, stdout, stderr } = await weir.interrupt();
  expect(stdout).toMatch(/\d\d:\d\d:\d\d {2}POST \/v1\/summarize {2}200 cache miss \$0\.0\d+ {2}\d+ ms\n/);
  expect([exitCode, stderr]).toEqual([0, '']);
});

test('Ctrl-C ends it within seconds, with code 0 and no process left; state and keys are there at the next start', async () => {
  const folder = await dataFolder();
  const weir = await start(folder);
  const { databasePid, keys } = weir;
  const cost = (await summarize(weir, 'A text that is kept.')).headers.get('x-weir-cost-usd');
  const startedMs = performance.now();
  const { exitCode, stdout } = await weir.interrupt();
  expect(performance.now() - startedMs).toBeLessThan(8_000);
  expect([exitCode, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, 'Stopped. State is kept.']);
  expect(isAlive(databasePid)).toBe(false);

  const again = await start(folder);
  expect(again.keys).toEqual(keys);
  expect(again.databasePid).not.toBe(databasePid);
  expect((await summarize(again, 'A text that is kept.')).headers.get('x-weir-cache')).toBe('hit');
  const entries = await ledgerOf(again);
  expect(entries.map(({ cache, costPico }) => `${cache} ${formatUsd(costPico)}`).sort()).toEqual([
    'hit 0',
    `miss ${cost}`,
  ]);
});

test('fixed keys are used as they are, and others are not let in', async () => {
  const [caller, administrator] = ['of-the-caller', 'of-the-administrator'].map((name) => ['key', name].join('-'));
  const weir = await start(await dataFolder(), { WEIR_CALLER_KEY: caller!, WEIR_ADMIN_KEY: administrator! });
  expect(weir.keys).toEqual({ caller, administrator });
  expect((await summarize(weir, 'a', caller)).status).toBe(200);
  expect((await summarize(weir, 'a', administrator)).status).toBe(403);
  const spend = (key: string) =>
    fetch(`${weir.outputs.apiUrl}/v1/spend`, { headers: { authorization: `Bearer ${key}` } });
  expect([(await spend(administrator!)).status, (await spend(caller!)).status, (await spend('other')).status]).toEqual([
    200, 403, 401,
  ]);
});

test('a second start is told in one line that the port or the data folder is taken, and harms the first in nothing', async () => {
  const folder = await dataFolder();
  const weir = await start(folder);
  const { port } = new URL(weir.outputs.apiUrl);
  const onItsPort = await spawned(await dataFolder(), { PORT: port }).ended;
  expect([onItsPort.exitCode, onItsPort.stdout, onItsPort.stderr]).toEqual([
    1,
    '',
    `port ${port} is taken: set PORT to another one\n`,
  ]);
  for (const taken of [port, '0']) {
    const inItsFolder = await spawned(folder, { PORT: taken }).ended;
    expect([inItsFolder.exitCode, inItsFolder.stdout]).toEqual([1, '']);
    expect(inItsFolder.stderr.trimEnd().split('\n')).toHaveLength(1);
  }
  expect((await summarize(weir, 'still here')).status).toBe(200);
  expect(isAlive(weir.databasePid)).toBe(true);
});

test('a port that is none is refused in one line', async () => {
  for (const PORT of ['http', '65536']) {
    const { exitCode, stderr } = await spawned(await dataFolder(), { PORT }).ended;
    expect([exitCode, stderr]).toEqual([1, `PORT must be a number from 0 to 65535, but '${PORT}' was given\n`]);
  }
});

test('WEIR_CORS_ORIGIN lets pages of one origin in, and is refused in one line where it is none', async () => {
  const weir = await start(await dataFolder(), { WEIR_CORS_ORIGIN: 'http://localhost:5173' });
  const reply = await summarize(weir, 'for a page');
  expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([200, 'http://localhost:5173']);
  const preflight = await fetch(`${weir.outputs.apiUrl}/v1/summarize`, { method: 'OPTIONS' });
  expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([204, 'POST']);

  const refused = await spawned(await dataFolder(), { WEIR_CORS_ORIGIN: '*' }).ended;
  expect([refused.exitCode, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toMatch(
    /^WEIR_CORS_ORIGIN must be one origin such as https:\/\/app\.example, but not \*: .+\n$/,
  );
});

test('kill -9 under load: every call that was answered is in the ledger after a restart', async () => {
  const folder = await dataFolder();
  const weir = await start(folder);
  const { databasePid } = weir;
  const acknowledged: { callId: string; cost: string }[] = [];
  const caller = async (name: number) => {
    for (let at = 0; ; at++) {
      const { headers, status } = await summarize(weir, `Text ${at} of caller ${name}.`);
      expect(status).toBe(200);
      acknowledged.push({ callId: headers.get('x-weir-call-id')!, cost: headers.get('x-weir-cost-usd')! });
      if (acknowledged.length === 60) weir.process.kill('SIGKILL');
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, (_, name) => caller(name)));
  await weir.ended;
  expect(acknowledged.length).toBeGreaterThanOrEqual(60);
  expect(isAlive(databasePid)).toBe(true);

  const again = await start(folder);
  expect(again.databasePid).toBe(databasePid);
  const costs = new Map((await ledgerOf(again)).map(({ callId, costPico }) => [callId, formatUsd(costPico)]));
  expect(acknowledged.filter(({ callId, cost }) => costs.get(callId) !== cost)).toEqual([]);
  // It works on, and ends all that the killed one left behind.
  expect((await summarize(again, 'after it')).status).toBe(200);
  expect((await again.interrupt()).exitCode).toBe(0);
  expect(isAlive(databasePid)).toBe(false);
});
