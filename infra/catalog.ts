import { createHash } from 'node:crypto';
import type { Catalog, CatalogRoute } from '#edge/catalog.ts';
import type { Entry } from './inventory.ts';
import { openApiDocument } from './openapi.ts';
import { pathOf, routedEntries } from './routes.ts';

/** The data file for functions that need to know of all entries. */
export function createCatalog(entries: readonly Entry[]): Catalog {
  const routed = routedEntries(entries);
  const routes = routed.map((entry): CatalogRoute => ({
    name: entry.name,
    kind: entry.spec.kind,
    method: entry.spec.method,
    path: pathOf(entry),
    access: entry.spec.access,
  }));
  const openapi = openApiDocument(routed);
  const version = createHash('sha256')
    .update(JSON.stringify([routes, openapi]))
    .digest('hex')
    .slice(0, 12);
  return { version, routes, openapi };
}
