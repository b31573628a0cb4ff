import type { Platform } from '#platform/platform.ts';
import { loadDataFile } from './data-file.ts';

/** The docs page with all that it loads, as one data file. The build makes it and puts it beside the bundle. */
export interface DocsSite {
  /** HTML. It names its assets relative to itself, so that it stands behind any stage's path. */
  readonly page: string;
  /** By names that change with the content: `page-1f0c9a2b.css`. There are no others. */
  readonly assets: Readonly<Record<string, DocsAsset>>;
}

export interface DocsAsset {
  readonly contentType: string;
  /** The content compressed with gzip, in base64: as API Gateway wants to be given bytes. */
  readonly gzipBase64: string;
}

/** Reads the site, once an environment. @throws when the file is missing: the function was deployed without it */
export function loadDocsSite({ config }: Platform): Promise<DocsSite> {
  return loadDataFile<DocsSite>(config.docsFile);
}
