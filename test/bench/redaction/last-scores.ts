import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import type { Scores } from './scoring.ts';

const FILE = resolve(import.meta.dirname, 'scores.json');

/** The scores that the repository keeps. Undefined: there are none yet. */
export function lastScores(): Scores | undefined {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Scores;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Puts these in their place, in the format that the project's check asks for. */
export async function keepScores(scores: Scores): Promise<void> {
  const style = await resolveConfig(FILE);
  writeFileSync(FILE, await format(JSON.stringify(scores), { ...style, filepath: FILE }));
}

/** What a change won (`+`) and lost (`-`), a record a line. */
export function differences(last: Scores | undefined, now: Scores): string[] {
  if (last === undefined) return ['no last scores to compare with'];
  const lines: string[] = [];
  for (const [name, { missed }] of Object.entries(now.recall)) {
    const before = last.recall[name]?.missed ?? [];
    lines.push(...only(before, missed).map((id) => `+ found now        ${name}: ${id}`));
    lines.push(...only(missed, before).map((id) => `- missed now       ${name}: ${id}`));
  }
  for (const [name, { texts }] of Object.entries(now.changed)) {
    const before = last.changed[name]?.texts ?? [];
    lines.push(...only(before, texts).map((id) => `+ left alone now   ${name}: ${id}`));
    lines.push(...only(texts, before).map((id) => `- changed now      ${name}: ${id}`));
  }
  return lines.length === 0 ? ['the same as the last scores'] : lines;
}

function only(these: readonly string[], those: readonly string[]): string[] {
  const known = new Set(those);
  return these.filter((id) => !known.has(id));
}
