import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

const FOLDER = resolve(import.meta.dirname, '../corpora');

/** The records of a corpus of `test/corpora`. */
export function corpus<Record>(name: string): Record[] {
  const lines = gunzipSync(readFileSync(resolve(FOLDER, `${name}.jsonl.gz`)))
    .toString()
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as Record);
}
