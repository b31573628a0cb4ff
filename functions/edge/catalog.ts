import type { Role } from '#platform/principal.ts';
import type { Platform } from '#platform/platform.ts';
import { loadDataFile } from './data-file.ts';
import type { EndpointBudget } from './specs.ts';

/** What a function may need to know of all entries. The inventory writes it as a data file, which is bundled in. */
export interface Catalog {
  /** Version of the deployment: a hash over all specs. */
  readonly version: string;
  readonly routes: readonly CatalogRoute[];
  /** The OpenAPI 3.1 document of the whole API. */
  readonly openapi: unknown;
}

export interface CatalogRoute {
  readonly name: string;
  readonly kind: 'endpoint' | 'route';
  readonly method: string;
  /** May have parameters: `/v1/budgets/{scope}`. */
  readonly path: string;
  readonly access: 'public' | readonly Role[];
  /** What an endpoint may spend by its own definition; absent where it says nothing. */
  readonly budget?: EndpointBudget;
}

/** Reads the catalog, once an environment. @throws when the file is missing: the function was deployed without it */
export function loadCatalog({ config }: Platform): Promise<Catalog> {
  return loadDataFile<Catalog>(config.catalogFile);
}
