import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStateFile } from '#infra/local/parts/state-file.ts';
import { temporaryFolder } from './local-clients.ts';

const contents = (path: string) => Object.fromEntries(openStateFile(path).entries());

test('what was written is there again after opening the file anew', () => {
  const path = join(temporaryFolder(), 'nested', 'state.jsonl');
  const state = openStateFile<number>(path);
  state.write(['a', 1], ['b', 2]);
  state.write(['a', undefined], ['c', 3]);
  expect(contents(path)).toEqual({ b: 2, c: 3 });
});

test('a write cut at any byte leaves the state before it, and the file takes writes again', () => {
  const path = join(temporaryFolder(), 'state.jsonl');
  openStateFile<string>(path).write(['kept', 'ü']);
  const before = readFileSync(path);
  openStateFile<string>(path).write(['kept', 'changed'], ['new', 'x']);
  const lineBytes = statSync(path).size - before.length;
  const whole = readFileSync(path);

  for (let cutBytes = 1; cutBytes <= lineBytes; cutBytes++) {
    writeFileSync(path, whole);
    truncateSync(path, whole.length - cutBytes);
    const state = openStateFile<string>(path);
    expect(Object.fromEntries(state.entries()), `cut by ${cutBytes}`).toEqual({ kept: 'ü' });
    state.write(['after', 'y']);
    expect(contents(path)).toEqual({ kept: 'ü', after: 'y' });
  }
});

test('damage in the middle is named, not skipped', () => {
  const path = join(temporaryFolder(), 'state.jsonl');
  writeFileSync(path, '[["a",1]]\nnonsense\n[["b",2]]\n');
  expect(() => openStateFile(path)).toThrow(/damaged at line 2/);
});

test('a second writer is noticed before anything is lost', () => {
  const path = join(temporaryFolder(), 'state.jsonl');
  const first = openStateFile<number>(path);
  first.write(['a', 1]);
  const second = openStateFile<number>(path);
  second.write(['b', 2]);
  expect(() => first.write(['c', 3])).toThrow(/changed by another process/);
  appendFileSync(path, '[["d",4]]\n');
  expect(() => second.write(['c', 3])).toThrow(/changed by another process/);
  expect(contents(path)).toEqual({ a: 1, b: 2, d: 4 });
});

test('history is rewritten away, so that the file stays near the size of what it holds', () => {
  const path = join(temporaryFolder(), 'state.jsonl');
  const state = openStateFile<string>(path);
  const value = 'x'.repeat(100_000);
  for (let round = 0; round < 100; round++) state.write(['same', value + round]);
  expect(statSync(path).size).toBeLessThan(4.5 * 1024 * 1024);
  expect(contents(path)).toEqual({ same: `${value}99` });
});

test('only its owner can read it', () => {
  const path = join(temporaryFolder(), 'state.jsonl');
  openStateFile(path).write(['a', 1]);
  expect(statSync(path).mode & 0o077).toBe(0);
});
