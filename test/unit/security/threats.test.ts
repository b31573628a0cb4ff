import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const PAGE = resolve(import.meta.dirname, '../../../functions/security/THREATS.md');
const page = await readFile(PAGE, 'utf8');
const sections = page.split(/^### /m).slice(1);
const proofsIn = (text: string) =>
  [...text.matchAll(/^- \[(.+)\]\((.+\.test\.ts)\)$/gm)].map(([, title, path]) => ({ title: title!, path: path! }));

test('every row of both lists is in the threat model, once and in order', () => {
  const rows = sections.map((section) => /^\w+:\d+/.exec(section)?.[0]);
  const numbers = Array.from({ length: 10 }, (_, index) => index + 1);
  expect(rows).toEqual([
    ...numbers.map((number) => `API${number}:2023`),
    ...numbers.map((number) => `LLM${String(number).padStart(2, '0')}:2026`),
  ]);
});

test.each(sections.map((section) => [section.slice(0, section.indexOf('\n')), proofsIn(section)] as const))(
  '%s names tests that exist, by a part of their titles',
  async (_, proofs) => {
    expect(proofs.length).toBeGreaterThan(1);
    for (const { title, path } of proofs) {
      const file = await readFile(resolve(PAGE, '..', path), 'utf8');
      const titles = file.split('\n').filter((line) => /^ *(test|describe|\]\)|['"`])/.test(line));
      expect([path, title, titles.some((line) => line.includes(title))]).toEqual([path, title, true]);
    }
  },
);
