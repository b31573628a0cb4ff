import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * What Weir calls of the SDK. The client constructs all of its some thirty resources, and drags in helpers that assemble
 * streams and sign with certificates; empty classes in their place take 230 KB out of every bundle.
 */
const KEPT =
  /^resources\/(index|responses\/|embeddings|shared|admin\/organization\/projects\/(api-keys|service-accounts))/;
const LEFT_OUT =
  /^(resources\/|auth\/workload-identity-auth|lib\/(.*Stream|.*Runner)|internal\/responses\/|internal\/assistant)/;

/**
 * Leaves unused parts of the OpenAI SDK out of the bundle. The bundle's own test makes every kind of call through what
 * remains.
 */
export const leanOpenAi: Plugin = {
  name: 'lean-openai',
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]openai[\\/].*\.mjs$/ }, async ({ path }) => {
      const file = path.split(`${sep}openai${sep}`).at(-1)!.split(sep).join('/');
      if (KEPT.test(file) || !LEFT_OUT.test(file)) return undefined;
      return { contents: hollow(await readFile(path, 'utf8')), loader: 'js' };
    });
  },
};

/** A module with the exports of the given one, each of them an empty class. What it hands on, it still hands on. */
function hollow(source: string): string {
  const declared = source.matchAll(/^export (?:async )?(?:class|const|let|function\*?) (\w+)/gm);
  const listed = source.matchAll(/^export \{([^}]*)\}/gm);
  const names = new Set([
    ...Array.from(declared, ([, name]) => name),
    ...Array.from(listed).flatMap(([, list = '']) => list.split(',').map((item) => item.trim().split(' as ').at(-1))),
  ]);
  const exported = [...names].filter((name) => name).map((name) => `LeftOut as ${name}`);
  const handedOn = source.match(/^export \* from .*$/gm) ?? [];
  return ['class LeftOut {}', `export { ${exported.join(', ')} };`, ...handedOn].join('\n');
}
