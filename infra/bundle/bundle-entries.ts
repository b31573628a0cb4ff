import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createCatalog } from '../catalog.ts';
import { createDocsSite } from '../docs/docs-site.ts';
import { slugOf, type Entry } from '../inventory.ts';
import { leanDetectors } from './lean-detectors.ts';
import { leanOpenAi } from './lean-openai.ts';

export interface Bundle {
  readonly entry: Entry;
  /** The folder that becomes the Lambda's code: `index.js`, and the data files that the entry needs. */
  readonly folder: string;
  readonly bytes: number;
}

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * Bundles all entries with one call of esbuild, each into its own folder of `outFolder`. CommonJS, for ESM costs 15 ms of a cold start
 * (an `import 'node:http'` evaluates lazy getters); without source maps, for an inline one costs eight times an empty
 * handler.
 */
export async function bundleEntries(entries: readonly Entry[], outFolder: string): Promise<Bundle[]> {
  await rm(outFolder, { recursive: true, force: true });
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: entries.map(({ name, file }) => ({ in: file, out: join(slugOf(name), 'index') })),
    outdir: outFolder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module'],
    minify: true,
    legalComments: 'none',
    metafile: true,
    plugins: [leanOpenAi, leanDetectors],
    inject: [join(ROOT, 'infra', 'bundle', 'plain-headers.ts')],
    define: { 'globalThis.Headers': 'Headers', 'globalThis.Response': 'Response' },
    logLevel: 'silent',
  });
  await mkdir(outFolder, { recursive: true });
  // The repository's package.json says "module": without this Node would load the bundles as empty ES modules.
  await writeFile(join(outFolder, 'package.json'), '{"type":"commonjs"}\n');
  const catalog = JSON.stringify(createCatalog(entries));
  const docs = JSON.stringify(await createDocsSite());
  const bytesOf = new Map(
    Object.entries(result.metafile.outputs).map(([file, { bytes }]) => [resolve(ROOT, file), bytes]),
  );
  return Promise.all(
    entries.map(async (entry) => {
      const folder = join(outFolder, slugOf(entry.name));
      if ('catalog' in entry.spec && entry.spec.catalog) await writeFile(join(folder, 'catalog.json'), catalog);
      if (entry.spec.kind === 'route' && entry.spec.docsSite) await writeFile(join(folder, 'docs.json'), docs);
      await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
      return { entry, folder, bytes: bytesOf.get(resolve(folder, 'index.js')) ?? 0 };
    }),
  );
}

/** What a bundle may weigh, by kind: a cold start grows with every byte that is loaded. */
export const BUNDLE_BUDGET_BYTES: Readonly<Record<Entry['spec']['kind'], number>> = {
  endpoint: 475_000,
  route: 215_000,
  schedule: 200_000,
  // The SDK without any resource that endpoints use, and two of its administration's.
  rotation: 310_000,
  authorizer: 200_000,
};
