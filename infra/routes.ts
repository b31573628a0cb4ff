import type { EndpointSpec, RouteSpec } from '#edge/specs.ts';
import type { Entry } from './inventory.ts';

/** An entry that has an HTTP route. */
export type RoutedEntry = Entry & { readonly spec: EndpointSpec | RouteSpec };

/** The entries that API Gateway routes to: neither its authorizer nor what the clock starts. */
export function routedEntries(entries: readonly Entry[]): RoutedEntry[] {
  return entries.filter(isRouted);
}

/** Whether API Gateway routes to an entry. */
export function isRouted(entry: Entry): entry is RoutedEntry {
  return entry.spec.kind === 'endpoint' || entry.spec.kind === 'route';
}

/** The path of an entry's route: what its spec names, or `/v1/<name>`. */
export function pathOf({ name, spec }: RoutedEntry): string {
  return spec.path ?? `/v1/${name}`;
}
