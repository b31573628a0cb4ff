import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { DocsAsset, DocsSite } from '#edge/docs-site.ts';
import { DOCS_FILES, type DocsFile } from './docs-files.ts';
import { docsPage } from './docs-page.ts';

let packed: ReturnType<typeof packAssets> | undefined;

/**
 * The docs page with all that it loads, for the functions that serve it. Nothing in it says where it will stand: what it shows
 * it reads from `openapi.json` beside it.
 * @param simulated the page says that answers come from a simulation
 */
export async function createDocsSite({ simulated = false }: { readonly simulated?: boolean } = {}): Promise<DocsSite> {
  const { names, assets } = await (packed ??= packAssets());
  return { page: docsPage({ names, simulated }), assets };
}

async function packAssets() {
  const names = {} as Record<DocsFile, string>;
  const assets: Record<string, DocsAsset> = {};
  await Promise.all(
    (Object.keys(DOCS_FILES) as DocsFile[]).map(async (file) => {
      const { sources, contentType } = DOCS_FILES[file];
      const content = (await Promise.all(sources.map((path) => readFile(path, 'utf8')))).join('\n');
      const hash = createHash('sha256').update(content).digest('hex').slice(0, HASH_CHARS);
      names[file] = file.replace('.', `-${hash}.`);
      const gzipBase64 = (await compress(content, { level: GZIP_LEVEL })).toString('base64');
      assets[names[file]] = { contentType, gzipBase64 };
    }),
  );
  return { names, assets };
}

const compress = promisify<string, { level: number }, Buffer>(gzip);
/** Three parts in a thousand larger than at level 9, in two thirds of the time: every start waits for it. */
const GZIP_LEVEL = 6;
const HASH_CHARS = 12;
