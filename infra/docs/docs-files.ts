import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SWAGGER = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
const OWN = import.meta.dirname;

const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/**
 * What the page loads, by plain names: Swagger UI as it is published, then what is Weir's own. The licences go where the
 * software goes.
 */
export const DOCS_FILES = {
  'swagger-ui.css': { contentType: CSS, sources: [join(SWAGGER, 'swagger-ui.css')] },
  'page.css': { contentType: CSS, sources: [join(OWN, 'page.css')] },
  'swagger-ui.js': { contentType: JAVASCRIPT, sources: [join(SWAGGER, 'swagger-ui-bundle.js')] },
  'page.js': { contentType: JAVASCRIPT, sources: [join(OWN, 'page.js')] },
  'licences.txt': {
    contentType: 'text/plain; charset=utf-8',
    sources: ['NOTICE', 'LICENSE', 'swagger-ui-bundle.js.LICENSE.txt'].map((name) => join(SWAGGER, name)),
  },
} as const;

export type DocsFile = keyof typeof DOCS_FILES;
