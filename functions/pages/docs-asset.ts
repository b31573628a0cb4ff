import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { defineRoute } from '#edge/define-route.ts';
import { loadDocsSite } from '#edge/docs-site.ts';
import { NotFound } from '#platform/errors.ts';

/** A name changes with its content, so that what was once loaded is never asked for again. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** What the docs page loads: scripts and styles from the build's own list, and nothing else by any name. */
export const { handler, spec } = defineRoute({
  summary: 'A script or a style of the docs page.',
  method: 'GET',
  path: '/docs/{asset}',
  access: 'public',
  query: z.strictObject({ asset: z.string().describe('A name that the page tells; it changes with the content.') }),
  produces: ['text/javascript', 'text/css', 'text/plain'],
  docsSite: true,
  // Anybody may ask, and what goes out is paid for: at most 5 MB a second.
  requestsPerSecond: 10,
  async handle({ asset: name }, platform, { headers: asked }) {
    const { assets } = await loadDocsSite(platform);
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (!asset) throw new NotFound('the docs page has no such file');
    const { contentType, gzipBase64 } = asset;
    const headers = { 'cache-control': FOR_EVER, vary: 'accept-encoding' };
    if (!asked['accept-encoding']?.includes('gzip')) {
      return { contentType, headers, text: gunzipSync(Buffer.from(gzipBase64, 'base64')).toString() };
    }
    return { contentType, headers: { ...headers, 'content-encoding': 'gzip' }, base64: gzipBase64 };
  },
});
