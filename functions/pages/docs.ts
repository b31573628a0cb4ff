import * as z from 'zod';
import { defineRoute } from '#edge/define-route.ts';
import { loadDocsSite } from '#edge/docs-site.ts';

/**
 * What the page may do: load scripts and styles of this origin, talk to this origin, and show the images that are written into its
 * styles. Nothing inline, nothing evaluated, nothing from elsewhere, and nobody's frame.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The API as a page, made from `/openapi.json`: every endpoint with its example, to be tried where it stands. */
export const { handler, spec } = defineRoute({
  summary: 'This API as a page, to read and to try.',
  method: 'GET',
  path: '/docs',
  access: 'public',
  query: z.strictObject({}),
  produces: ['text/html'],
  docsSite: true,
  async handle(_query, platform) {
    const { page } = await loadDocsSite(platform);
    return {
      contentType: 'text/html; charset=utf-8',
      headers: {
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      },
      text: page,
    };
  },
});
