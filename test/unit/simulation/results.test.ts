import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { CONCLUSIONS, LIMITS, METHOD } from '#test/bench/simulation/prose.ts';

const FOLDER = resolve(import.meta.dirname, '../../bench/simulation');
const results = readFileSync(join(FOLDER, 'results.md'), 'utf8');

test('the results that are committed say how they were made, and have the text as it is now', () => {
  expect(results).toContain('`npm run simulate` (seed 1)');
  for (const text of [METHOD, CONCLUSIONS, LIMITS]) expect(results).toContain(text.trim());
});

test('every plot that the results show is there', () => {
  const files = [...results.matchAll(/!\[.+?\]\((.+?)\)/g)].map((match) => match[1] as string);
  expect(files.length).toBeGreaterThanOrEqual(3);
  expect(files.filter((file) => !existsSync(join(FOLDER, file)))).toEqual([]);
});
