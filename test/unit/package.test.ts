import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type LockPackages, mendLock } from '#infra/mend-lock.ts';

const root = resolve(import.meta.dirname, '../..');
const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(resolve(root, file), 'utf8'));

const manifest = (await read('package.json')) as Record<'scripts' | `${string}ependencies`, Record<string, string>>;
const lock = (await read('package-lock.json')) as { packages: LockPackages };

test('every script sees to its packages first, so that any of them can be the first', () => {
  const { scripts } = manifest;
  // mend-lock repairs what `ensure` would stumble over.
  const entered = Object.keys(scripts).filter((name) => !/^(pre.*|ensure|mend-lock)$/.test(name));
  const unprepared = entered.filter((name) => scripts[`pre${name}`] !== 'npm run --silent ensure');
  expect(unprepared).toEqual([]);
});

test('every dependency is pinned to one version', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const loose = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  expect(loose).toEqual([]);
});

test('the lock names every platform package, or npm 11 refuses it: `npm run mend-lock` adds them', () => {
  expect(mendLock(lock.packages)).toBe(lock.packages);
});

test('mending adds a missing platform package with its platform, and only that', () => {
  const packages: LockPackages = {
    '': {},
    'node_modules/b': {
      version: '1.2.3',
      dev: true,
      optionalDependencies: {
        '@b/linux-arm-musleabihf': '1.2.3',
        '@b/linux-x64-gnu': '1.2.3',
        '@b/win32-x64': '1.2.3',
        'graceful-fs': '4.1.6',
        'ranged-linux-x64': '^1.0.0',
      },
    },
    'node_modules/@b/linux-x64-gnu': { version: '1.2.3', optional: true },
  };
  const mended = mendLock(packages);

  expect(Object.keys(mended)).toEqual([
    '',
    'node_modules/@b/linux-arm-musleabihf',
    'node_modules/@b/linux-x64-gnu',
    'node_modules/@b/win32-x64',
    'node_modules/b',
  ]);
  const added = { version: '1.2.3', dev: true, optional: true };
  expect(mended['node_modules/@b/linux-arm-musleabihf']).toEqual({
    ...added,
    os: ['linux'],
    cpu: ['arm'],
    libc: ['musl'],
  });
  expect(mended['node_modules/@b/win32-x64']).toEqual({ ...added, os: ['win32'], cpu: ['x64'] });
});
