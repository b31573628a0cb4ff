import { rmSync } from 'node:fs';
import { mkdtemp, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleEntries, type Bundle } from '#infra/bundle/bundle-entries.ts';
import { readInventory } from '#infra/inventory.ts';

/** The files that are measured, in a temporary folder. */
export interface BenchBundles {
  readonly folder: string;
  /** Every function as it is deployed. */
  readonly functions: readonly Bundle[];
  /** The file of one function. */
  fileOf(name: string): string;
  /** The OpenAI SDK and nothing else, bundled in the same way, but whole. */
  readonly rawSdk: { readonly file: string; readonly bytes: number };
  /** A CommonJS handler that does nothing. */
  readonly emptyFile: string;
}

/** Builds what is measured. The folder goes when this process does, however it ends. */
export async function buildBundles(): Promise<BenchBundles> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const functions = await bundleEntries(await readInventory(), folder);
  const rawSdkFile = join(folder, 'raw-sdk', 'index.js');
  await build({
    entryPoints: [join(import.meta.dirname, 'raw-sdk-handler.ts')],
    outfile: rawSdkFile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
  });
  return {
    folder,
    functions,
    fileOf(name) {
      const bundle = functions.find(({ entry }) => entry.name === name);
      if (!bundle) throw new Error(`there is no function ${name}`);
      return join(bundle.folder, 'index.js');
    },
    rawSdk: { file: rawSdkFile, bytes: (await stat(rawSdkFile)).size },
    emptyFile: join(import.meta.dirname, 'empty-handler.cjs'),
  };
}
