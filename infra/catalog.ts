import { createHash } from 'node:crypto';
import type { Catalog, CatalogRoute } from '#edge/catalog.ts';
import type { EndpointSpec, RouteSpec } from '#edge/specs.ts';
import type { Entry } from './inventory.ts';
import { openApiDocument } from './openapi.ts';

/** An entry that has an HTTP route. */
export type RoutedEntry = Entry & { readonly spec: EndpointSpec | RouteSpec };

/** The entries that API Gateway routes to. */
export function routedEntries(entries: readonly Entry[]): RoutedEntry[] {
  return entries.filter((entry): entry is RoutedEntry => entry.spec.kind !== 'authorizer');
}

/** The path of an entry's route: what its spec names, or `/v1/<name>`. */
export function pathOf({ name, spec }: RoutedEntry): string {
  return spec.path ?? `/v1/${name}`;
}

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
