import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FUNCTIONS_FOLDER } from '#infra/inventory.ts';
import { readOutputs } from '#infra/outputs.ts';
import { makeCleanClone } from '#test/support/guide/clean-clone.ts';
import { guideSteps, type CommandStep } from '#test/support/guide/guide-steps.ts';
import { Terminal } from '#test/support/guide/terminal.ts';
import { toldDifference } from '#test/support/guide/told-difference.ts';
import { localPlatform, readLedger } from '#test/support/local-ledger.ts';
import { isAlive } from '#test/support/started-weir.ts';

/** Some 30 seconds on two cores; another minute where others are at work on them. */
const FOLLOWING_MS = 120_000;
const GUIDE = join(FUNCTIONS_FOLDER, 'endpoints', 'README.md');

const cleanUp = new AsyncDisposableStack();
let clone: string;
let terminals: Readonly<Record<'first' | 'second', Terminal>>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-guide-'));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  clone = join(folder, 'weir');
  await makeCleanClone(clone);
  const [home, bin] = [join(folder, 'home'), join(folder, 'bin')];
  await mkdir(home);
  await mkdir(bin);
  // A newcomer has npm and some Node; what our own packages brought is not there before `npm start`.
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((part) => !part.includes('node_modules'));
  if (!folders.some((part) => existsSync(join(part, 'curl')))) await provideCurl(bin);
  const variables = {
    PATH: [bin, ...folders].join(delimiter),
    HOME: home,
    PORT: String(await freePort()),
    // npm would ask the registry for a newer npm.
    npm_config_update_notifier: 'false',
  };
  cleanUp.defer(endDatabase);
  const open = (name: 'first' | 'second') =>
    cleanUp.use(new Terminal({ name, folder: clone, stateFolder: folder, variables }));
  terminals = { first: open('first'), second: open('second') };
}, FOLLOWING_MS);
afterAll(() => cleanUp.disposeAsync(), FOLLOWING_MS);

/** One of ours, which does the same. */
async function provideCurl(bin: string): Promise<void> {
  await copyFile(join(import.meta.dirname, '../support/curl.cjs'), join(bin, 'curl'));
  await chmod(join(bin, 'curl'), 0o755);
}

/** A port that no one has, and that none is given who asks for any: systems give those above 32,767. */
async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return isFree ? port : freePort();
}

/** It outlives a start that had to be killed. */
async function endDatabase(): Promise<void> {
  const file = await readFile(join(clone, '.weir', 'dynamodb.json'), 'utf8').catch(() => '{}');
  const { pid } = JSON.parse(file) as { readonly pid?: number };
  if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL');
}

/** Types a step's commands; gives what is not as the guide says. */
async function follow({ line, terminals: names, text, told }: CommandStep): Promise<string[]> {
  const differences: string[] = [];
  for (const name of names) {
    const difference = await terminals[name].type(text).then(
      (printed) => (told === undefined ? undefined : toldDifference(told, printed)),
      (error: unknown) => String(error),
    );
    if (difference !== undefined) differences.push(`line ${line} of the guide: ${difference}`);
  }
  return differences;
}

test(
  'each command of the guide works in a clean clone, and prints what the guide says',
  { timeout: FOLLOWING_MS },
  async ({ signal }) => {
    const differences: string[] = [];
    for (const step of guideSteps(await readFile(GUIDE, 'utf8'))) {
      // Out of time: nothing may be begun beside the cleaning up.
      signal.throwIfAborted();
      if (step.kind === 'commands') {
        differences.push(...(await follow(step)));
        continue;
      }
      await mkdir(dirname(join(clone, step.path)), { recursive: true });
      await writeFile(join(clone, step.path), step.text);
    }
    expect(differences).toEqual([]);
    // What it broke to show what is said then is mended.
    const endpoints = await readdir(join(FUNCTIONS_FOLDER, 'endpoints'));
    expect((await readdir(join(clone, 'functions', 'endpoints'))).sort()).toEqual([...endpoints, 'reply.ts'].sort());
  },
);

test('the files that it gives pass the checks of the repository', async () => {
  const steps = guideSteps(await readFile(GUIDE, 'utf8'));
  const files = [...new Set(steps.flatMap((step) => (step.kind === 'file' ? [step.path] : [])))].join(' ');
  const printed = await terminals.second.type(`
    export PATH=$PWD/node_modules/.bin:$PATH
    oxlint --type-aware --deny-warnings ${files}
    prettier --check ${files}
    # Of all files, others' faults are not the guide's.
    tsc -p . || test $? -le 2
  `);
  const faults = printed.split('\n').filter((line) => files.split(' ').some((path) => line.startsWith(path)));
  expect(faults).toEqual([]);
});

test('its calls stand in the ledger: without a cache, with one, streamed, with two questions, and for two models', async () => {
  const { awsEndpoints } = await readOutputs(join(clone, '.weir', 'outputs.json'));
  const entries = await readLedger(localPlatform(awsEndpoints?.dynamodb));
  const told = entries.map(({ endpoint, tags, cache, outcome, attempts, costPico }) => {
    const paid = costPico > 0n ? 'paid' : 'free';
    return [endpoint, tags?.['eval'] ? 'tried' : cache, outcome, attempts.length, paid].join(' ');
  });
  expect(told.sort()).toEqual([
    'reply bypass completed 1 paid',
    'reply hit completed 0 free',
    'reply miss completed 1 paid',
    'reply miss completed 1 paid',
    'reply miss completed 1 paid',
    'reply miss completed 2 paid',
    'reply tried completed 1 paid',
    'reply tried completed 1 paid',
    'reply tried completed 2 paid',
    'reply tried completed 2 paid',
  ]);
});

interface Resource {
  readonly Type: string;
  readonly Metadata?: Readonly<Record<string, string>>;
}

test('synth has a function with a role, a queue and a route for the new endpoint', async () => {
  const output = join(clone, 'cdk.out');
  const templates = (await readdir(output)).filter((name) => name.endsWith('.template.json'));
  const texts = await Promise.all(templates.map((name) => readFile(join(output, name), 'utf8')));
  const resources = texts.flatMap((text) => {
    const { Resources } = JSON.parse(text) as { readonly Resources?: Readonly<Record<string, Resource>> };
    return Object.values(Resources ?? {});
  });
  const typeOf = (end: string) =>
    resources.find(({ Metadata }) => Metadata?.['aws:cdk:path']?.endsWith(`/reply/${end}/Resource`))?.Type;
  expect(['Handler/Function', 'Handler/Role', 'Queues/Work', 'POST'].map(typeOf)).toEqual([
    'AWS::Lambda::Function',
    'AWS::IAM::Role',
    'AWS::SQS::Queue',
    'AWS::ApiGateway::Method',
  ]);
});

test('Ctrl-C ends the last start, and no process is left of it', async () => {
  const file = await readFile(join(clone, '.weir', 'dynamodb.json'), 'utf8');
  const { pid } = JSON.parse(file) as { readonly pid: number };
  expect(isAlive(pid)).toBe(true);
  expect(await terminals.first.interrupt()).toMatch(/Stopped\. State is kept\.\n$/);
  expect(isAlive(pid)).toBe(false);
});

test.each([
  ['a\nb', 'a\nb\n', undefined],
  ['x-weir-cost-usd: 0.0…', '\u001B[32mx-weir-cost-usd: 0.0000084\u001B[39m\r\n', undefined],
  ['…\nb\n…', 'a\na\nb\nc\n', undefined],
  ['a\n…\nb', 'a\nb\n', undefined],
  ['x-weir-cost-usd: 0', 'x-weir-cost-usd: 0.1\n', 'x-weir-cost-usd: 0'],
  ['a…c', 'a\nc\n', 'a…c'],
  ['…\nb', 'a\nc\n', 'b'],
  ['a', 'a\nb\n', 'and nothing more'],
  ['a.c', 'abc\n', 'a.c'],
])('of a guide that says %j, what prints %j is missing: %j', (told, printed, missed) => {
  const difference = toldDifference(told, printed);
  expect(difference?.split('\n')[0]).toBe(missed === undefined ? undefined : `expected: ${missed}`);
});

test.each([
  ['```sh\nnpm start\n```\n', 'line 1: the first line of an sh block must name its terminal'],
  ['\n```ts\nexport {};\n```\n', 'line 2: the first line of a ts block must name its file'],
  ['```\nnpm start\n```\n', 'line 1: a block must be ts, sh, or what the sh block before it prints'],
])('a guide with the block %j is not skipped over, but refused', (markdown, message) => {
  expect(() => guideSteps(markdown)).toThrow(message);
});
