import { createHash } from 'node:crypto';
import type { Catalog, CatalogRoute } from '#edge/catalog.ts';
import { routeClashes } from './check-routes.ts';
import type { Entry } from './inventory.ts';
import { openApiDocument } from './openapi/document.ts';
import { pathOf, routedEntries } from './routes.ts';

/**
 * The data file for functions that need to know of all entries.
 * @throws Error for routes that cannot stand beside each other
 */
export function createCatalog(entries: readonly Entry[]): Catalog {
  const routed = routedEntries(entries);
  const clashes = routeClashes(routed);
  if (clashes.length > 0) throw new Error(clashes.join('; '));
  const routes = routed.map((entry): CatalogRoute => ({
    name: entry.name,
    kind: entry.spec.kind,
    method: entry.spec.method,
    path: pathOf(entry),
    access: entry.spec.access,
    ...(entry.spec.kind === 'endpoint' && entry.spec.budget && { budget: entry.spec.budget }),
  }));
  const openapi = openApiDocument(routed);
  const version = createHash('sha256')
    .update(JSON.stringify([routes, openapi]))
    .digest('hex')
    .slice(0, 12);
  return { version, routes, openapi };
}
