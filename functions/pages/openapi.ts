import * as z from 'zod';
import { loadCatalog } from '#edge/catalog.ts';
import { defineRoute } from '#edge/define-route.ts';

/** The whole API as an OpenAPI 3.1 document, made from the specs of all entries. */
export const { handler, spec } = defineRoute({
  summary: 'This API as an OpenAPI 3.1 document.',
  method: 'GET',
  path: '/openapi.json',
  access: 'public',
  query: z.strictObject({}),
  catalog: true,
  async handle(_query, platform) {
    const { openapi } = await loadCatalog(platform);
    return { json: openapi };
  },
});
