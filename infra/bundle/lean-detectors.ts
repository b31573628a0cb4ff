import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Plugin } from 'esbuild';

const ROOM = join('functions', 'redaction') + sep;
/** A member of a detector that only people and tests read, on a line of its own, or with its text on the next one. */
const UNREAD = /^ +(?:example|source):\s+(['"`]).*\1,$/gm;
/** An import of a set of detectors, and its use. */
const SET = /^import \{ (\w+) \} from '(\.\/detectors\/[\w/]+\/all\.ts)';$/gm;

/**
 * Every function carries all detectors, for its log. This leaves their examples and sources out of the bundle, and has the sets be
 * evaluated when they are first asked for, which no start does: a module that is required is wrapped, one that is imported is not.
 */
export const leanDetectors: Plugin = {
  name: 'lean-detectors',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (!path.includes(ROOM)) return undefined;
      const source = await readFile(path, 'utf8');
      const isSets = path.endsWith(`${ROOM}detectors.ts`);
      return { loader: 'ts', contents: isSets ? withLateSets(source) : source.replaceAll(UNREAD, '') };
    });
  },
};

function withLateSets(source: string): string {
  const sets = [...source.matchAll(SET)];
  if (sets.length === 0) throw new Error('functions/redaction/detectors.ts imports no set of detectors');
  return sets.reduce(
    (text, [line, name, file]) => text.replace(line, '').replace(`...${name}`, `...require('${file}').${name}`),
    source,
  );
}
