import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FUNCTIONS_FOLDER } from '#infra/inventory.ts';

/** Every value of the log's `alarm` field that the functions write; a template's variable part counts as anything. */
async function alarmsInFunctions(): Promise<string[]> {
  const files = await readdir(FUNCTIONS_FOLDER, { recursive: true });
  const sources = files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFile(join(FUNCTIONS_FOLDER, file), 'utf8'));
  const found = (await Promise.all(sources)).join('\n').matchAll(/alarm: ['`]([^'`]+)['`]/g);
  return [...new Set(Array.from(found, ([, alarm = '']) => alarm.replace(/\$\{.*\}/, 'anything')))];
}

test('every alarm that a function raises in its log has a filter that counts it', async () => {
  const source = await readFile(join(FUNCTIONS_FOLDER, '../infra/constructs/endpoint-alarms.ts'), 'utf8');
  const filters = [...source.matchAll(/anyAlarm\(([^)]*)\)/g)].flatMap(([, list = '']) => list.match(/[\w*-]+/g) ?? []);
  const counted = (alarm: string) =>
    filters.some((filter) => (filter.endsWith('*') ? alarm.startsWith(filter.slice(0, -1)) : alarm === filter));
  const alarms = await alarmsInFunctions();
  expect(alarms.length).toBeGreaterThan(5);
  expect(alarms.filter((alarm) => !counted(alarm))).toEqual([]);
});
