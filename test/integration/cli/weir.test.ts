import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { outputsWith, runWeir } from './run-weir.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('weir --help lists the commands, on standard output', async () => {
  const { code, stdout, stderr } = await runWeir(['--help']);

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^ {2}send .*queue/m);
  expect(stdout).toMatch(/^ {2}setup .*first call/m);
  expect(stdout).toMatch(/^ {2}budgets .*what may be spent/m);
});

test.each([
  [['--help']],
  [['send', '--help']],
  [['setup', '--help']],
  [['help', 'send']],
  [['budgets', '--help']],
  [['budgets', 'show', '--help']],
  [['budgets', 'set', '--help']],
  [['budgets', 'list', '--help']],
  [['budgets', 'backstop', '--help']],
])('weir %j shows an example and the way to the outputs', async (args) => {
  const { code, stdout } = await runWeir(args);

  expect(code).toBe(0);
  expect(stdout).toContain('npm run');
  expect(stdout).toContain('--outputs <file>');
});

test.each([
  [['sned'], "weir: unknown command 'sned' (Did you mean send?)\n"],
  [['send', 'summarize'], "weir: missing required argument 'file.jsonl'\n"],
  [['setup', '--no-key'], "weir: unknown option '--no-key' (Did you mean --no-keys?)\n"],
  [['setup', '--no-keys', '--new-keys'], 'weir: --new-keys and --no-keys exclude each other\n'],
])('weir %j is one line about what was meant, and exit code 2', async (args, stderr) => {
  expect(await runWeir(args)).toEqual({ code: 2, stdout: '', stderr });
});

test('weir alone shows its help and is not a success', async () => {
  const { code, stderr } = await runWeir([]);
  expect(code).toBe(2);
  expect(stderr).toContain('Commands:');
});

test('without outputs it says what to do first', async () => {
  const { code, stderr } = await runWeir(['send', 'summarize', '-', '--outputs', '/nowhere/outputs.json']);
  expect([code, stderr]).toEqual([
    2,
    'weir: /nowhere/outputs.json cannot be read: start Weir (npm start) or deploy it (npm run deploy) first, or name the file with --outputs\n',
  ]);
});

test('outputs that are no JSON are named and not quoted', async () => {
  const file = join(await temporaryFolder(), 'outputs.json');
  await writeFile(file, 'tender { words');

  const ran = await runWeir(['send', 'summarize', '-', '--outputs', file]);

  expect(ran).toEqual({ code: 2, stdout: '', stderr: `weir: ${file} is not JSON\n` });
});

test('the outputs of npm start are found in WEIR_DATA_DIR', async () => {
  const folder = await temporaryFolder();
  const queues = { 'only-here': { url: 'http://127.0.0.1:9/a', resultsUrl: 'http://127.0.0.1:9/b' } };
  await writeFile(join(folder, 'outputs.json'), JSON.stringify(outputsWith({ queues })));

  const { stderr } = await runWeir(['send', 'summarize', '-'], { env: { WEIR_DATA_DIR: folder } });

  expect(stderr).toBe("weir: endpoint must be one of only-here, but 'summarize' was provided\n");
});

test('the outputs of cdk deploy, one JSON text in a stack of many, are read too', async () => {
  const file = join(await temporaryFolder(), 'cdk-outputs.json');
  const queues = { deployed: { url: 'http://127.0.0.1:9/a', resultsUrl: 'http://127.0.0.1:9/b' } };
  const stacks = { WeirData: { Table: 'callers' }, WeirApi: { Weir: JSON.stringify(outputsWith({ queues })) } };
  await writeFile(file, JSON.stringify(stacks));

  const { stderr } = await runWeir(['send', 'summarize', '-', '--outputs', file]);

  expect(stderr).toBe("weir: endpoint must be one of deployed, but 'summarize' was provided\n");
});

test('paths are meant from where npm was called', async () => {
  const folder = await temporaryFolder();
  const env = { npm_lifecycle_event: 'weir', INIT_CWD: folder };

  const { stderr } = await runWeir(['send', 'summarize', '-', '--outputs', 'mine.json'], { env });

  expect(stderr).toContain(`weir: ${join(folder, 'mine.json')} cannot be read`);
});
