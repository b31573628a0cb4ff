import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Lints a tree as `npm run lint` does. @returns one line for each finding: `path:line:column: message [rule]` */
async function lint(tree: string): Promise<string[]> {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const args = [oxlint, '--type-aware', '--deny-warnings', '--format=unix', 'functions', 'infra', 'test'];
  return new Promise((done, fail) => {
    execFile(process.execPath, args, { cwd: tree }, (error, stdout, stderr) => {
      const found = stdout.split('\n').filter((line) => /\[\w+\/.+\]$/.test(line));
      // A linter that fails without a finding has not linted: a broken config, a plugin that does not load.
      if (error !== null && found.length === 0) fail(new Error(stdout + stderr, { cause: error }));
      else done(found);
    });
  });
}

/** Lints a tree of this repository's own rules and nothing but the files given. */
async function lintPlanted(files: Readonly<Record<string, string>>): Promise<string[]> {
  const tree = await mkdtemp(join(tmpdir(), 'weir-architecture-'));
  try {
    await plant(tree, files);
    return await lint(tree);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
}

async function plant(tree: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const kept of ['package.json', 'tsconfig.json', '.oxlintrc.json', 'infra/lint']) {
    await cp(join(root, kept), join(tree, kept), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
  for (const folder of ['functions', 'test']) await mkdir(join(tree, folder));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), text);
  }
}

const one = 'export const one = 1;\n';

test('the tree as it stands breaks no rule', { timeout: 90_000 }, async () => {
  expect(await lint(root)).toEqual([]);
});

test('arrows that point down are free', async () => {
  const found = await lintPlanted({
    'functions/platform/clock.ts': one,
    'functions/protocol/usage.ts': one,
    'functions/ledger/entry.ts': "export { one } from '#platform/clock.ts';\nexport * from '#protocol/usage.ts';\n",
    'functions/call/path.ts': "export { one } from '#ledger/entry.ts';\n",
    'functions/edge/chain.ts': "export { one } from '#call/path.ts';\n",
    'functions/endpoints/openai/chat.ts': "export { one } from '#edge/chain.ts';\n",
    'functions/finance/spend.ts': "export { one } from '#ledger/entry.ts';\nexport { one as two } from './sums.ts';\n",
    'functions/finance/sums.ts': one,
    'infra/stacks/api.ts': "export { one } from '#edge/chain.ts';\n",
    'infra/inventory.ts': 'export const load = (path: string): Promise<unknown> => import(path);\n',
    'test/unit/spend.test.ts':
      "export { one } from '../../functions/finance/spend.ts';\nexport * from '#infra/stacks/api.ts';\n",
  });
  expect(found).toEqual([]);
});

const refused = [
  ['points up', 'functions/cache', "export { one } from '#call/x.ts';", 'arrows point down only'],
  ['points at a sibling', 'functions/upstream', "export { one } from '#cache/x.ts';", 'siblings never'],
  ['goes round by a relative path', 'functions/upstream', "export { one } from '../cache/x.ts';", 'siblings never'],
  ['goes round by a detour', 'functions/upstream', "export { one } from '#platform/../cache/x.ts';", 'siblings never'],
  ['is a whole re-export', 'functions/upstream', "export * from '#cache/x.ts';", 'siblings never'],
  ['is dynamic', 'functions/upstream', "export const a = (): unknown => import('#cache/x.ts');", 'siblings never'],
  ['is a type', 'functions/upstream', "export type A = typeof import('#cache/x.ts');", 'siblings never'],
  ['cannot be read', 'functions/upstream', 'export const a = (x: string): unknown => import(x);', 'a plain string'],
  ['reaches for another entry room', 'functions/jobs', "export { one } from '../finance/x.ts';", 'siblings never'],
  ['reaches for infra', 'functions/edge', "export { one } from '#infra/x.ts';", 'never imports infra'],
  ['reaches for a test', 'functions/edge', "export { one } from '#test/x.ts';", 'only tests'],
  ['names a room that is none', 'functions/edge', "export { one } from '../common/x.ts';", 'functions/common is not'],
  ['hops down without its # name', 'functions/edge', "export { one } from '../call/x.ts';", "write '#call/x.ts'"],
  ['takes an entry file into infra', 'infra', "export { one } from '../functions/jobs/x.ts';", 'its inventory'],
  ['takes a test into infra', 'infra', "export { one } from '#test/x.ts';", 'only tests'],
] as const;

describe('an import is refused that', () => {
  let found: string[] = [];

  beforeAll(async () => {
    const rooms = ['functions/call', 'functions/cache', 'functions/common', 'functions/finance', 'functions/jobs'];
    const targets = [...rooms, 'infra', 'test'].map((room) => [`${room}/x.ts`, one]);
    const plants = refused.map(([, folder, text], at) => [`${folder}/a${at}.ts`, `${text}\n`]);
    found = await lintPlanted(Object.fromEntries([...targets, ...plants]));
  });

  test.each(refused.map((row, at) => [...row, at] as const))('%s', (_, folder, text, reason, at) => {
    const lines = found.filter((line) => line.startsWith(`${folder}/a${at}.ts:1:`));
    expect(lines).toEqual([expect.stringContaining('weir(layers)')]);
    expect(lines[0]).toContain(reason);
    // The offending import itself, as it is written.
    expect(lines[0]).toContain(/'.+'/.exec(text)?.[0] ?? 'import()');
  });

  test('stands in no file but those', () => {
    expect(found).toHaveLength(refused.length);
  });
});

test.each([
  [
    'values',
    "export { b } from './b.ts';\nexport const a = 1;\n",
    "export { a } from '#cache/a.ts';\nexport const b = 1;\n",
  ],
  [
    'types',
    "import type { B } from './b.ts';\nexport type A = B | 1;\n",
    "import type { A } from './a.ts';\nexport type B = A[];\n",
  ],
])('a cycle of %s is refused', async (_, a, b) => {
  const found = await lintPlanted({ 'functions/cache/a.ts': a, 'functions/cache/b.ts': b });

  expect(found).toHaveLength(2);
  for (const line of found) expect(line).toMatch(/^functions\/cache\/[ab]\.ts:1:.*import\(no-cycle\)/);
});

test.each(["import { z } from 'zod';", "import z from 'zod';", "import { z as y } from 'zod/v4';"])(
  'zod is refused as %s',
  async (line) => {
    const name = / (\w+)(?: }| from)/.exec(line)?.[1];
    const found = await lintPlanted({ 'functions/edge/a.ts': `${line}\nexport const a: unknown = ${name};\n` });
    expect(found).toEqual([expect.stringMatching(/^functions\/edge\/a\.ts:1:.*import \* as z from 'zod.*whole-zod/)]);
  },
);

test('zod is welcome as a namespace', async () => {
  const text = "import * as z from 'zod';\nexport const a = z.string();\n";
  expect(await lintPlanted({ 'functions/edge/a.ts': text })).toEqual([]);
});

test('an entry is imported by no other file of the functions', async () => {
  const entry = 'export const { handler, spec } = { handler: 1, spec: 2 };\n';
  const found = await lintPlanted({
    'functions/endpoints/one.ts': entry,
    'functions/endpoints/two.ts': "export { spec } from './one.ts';\n",
  });
  expect(found).toEqual([
    expect.stringMatching(/^functions\/endpoints\/two\.ts:1:.*'\.\/one\.ts': an entry is a Lambda/),
  ]);
});

test('a promise that nobody awaits is refused, wherever it hides', async () => {
  const found = await lintPlanted({
    'functions/call/a.ts': [
      'const settle = async (): Promise<void> => {};',
      'export const forgotten = (): void => {\n  settle();\n};',
      'export const forEach = (ids: string[]): void => ids.forEach(async () => settle());',
      "export const listen = (to: { on(name: string, run: () => void): void }): void => to.on('end', settle);",
    ].join('\n'),
  });
  expect(found.map((line) => /\((.+)\)\]$/.exec(line)?.[1])).toEqual([
    'no-floating-promises',
    'no-misused-promises',
    'no-misused-promises',
  ]);
});

test('the environment is read in one file of the functions', async () => {
  const text = "export const region = process.env['AWS_REGION'];\n";
  const aside = "import { env } from 'node:process';\n\nexport const region = env['AWS_REGION'];\n";
  const found = await lintPlanted({
    'functions/platform/config.ts': text,
    'functions/platform/log.ts': text,
    'functions/platform/aside.ts': aside,
    'infra/app.ts': text,
    'infra/inventory.ts': text,
  });
  expect(found.map((line) => line.replace(/:.*/, '')).toSorted()).toEqual([
    'functions/platform/aside.ts',
    'functions/platform/log.ts',
    'infra/inventory.ts',
  ]);
});
