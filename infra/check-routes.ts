import { parameterIn } from './path-parameters.ts';
import { pathOf, type RoutedEntry } from './routes.ts';

/** What is wrong between routes: each alone may be right. Empty: nothing. */
export function routeClashes(entries: readonly RoutedEntry[]): string[] {
  return entries.flatMap((one, index) => entries.slice(index + 1).flatMap((other) => clashBetween(one, other) ?? []));
}

function clashBetween(one: RoutedEntry, other: RoutedEntry): string | undefined {
  const [route, otherRoute] = [describe(one), describe(other)];
  if (one.spec.method === other.spec.method && shapeOf(one) === shapeOf(other)) {
    return `${route} and ${otherRoute} are the same route`;
  }
  if (namesDiffer(one, other)) {
    return `${route} and ${otherRoute} name a parameter in the same place differently, of which API Gateway takes one`;
  }
  if (mayDiffer(one, other) && (spills(one, other) || spills(other, one))) {
    return `${route} and ${otherRoute} must have the same access, and be no endpoints: a policy's * for a parameter goes on over slashes`;
  }
  return undefined;
}

function describe(entry: RoutedEntry): string {
  return `${entry.spec.method} ${pathOf(entry)} (${entry.name})`;
}

function shapeOf(entry: RoutedEntry): string {
  return pathOf(entry).replaceAll(/\{[^/]*\}/g, '{}');
}

/** One place of the tree of paths may have one parameter: `/v1/a/{x}` and `/v1/a/{y}/z` cannot be. */
function namesDiffer(one: RoutedEntry, other: RoutedEntry): boolean {
  const others = pathOf(other).split('/');
  for (const [at, segment] of pathOf(one).split('/').entries()) {
    if (segment === others[at]) continue;
    return parameterIn(segment) !== undefined && parameterIn(others[at] ?? '') !== undefined;
  }
  return false;
}

/** Whether the policy that lets a caller use `one` lets it use `other` too. Nobody asks for a policy on a public route. */
function spills(one: RoutedEntry, other: RoutedEntry): boolean {
  if (one.spec.method !== other.spec.method || one.spec.access === 'public' || other.spec.access === 'public')
    return false;
  const pattern = pathOf(one).split(/\{[^/]*\}/);
  if (pattern.length === 1) return false;
  return new RegExp(`^${pattern.map((text) => RegExp.escape(text)).join('.*')}$`).test(pathOf(other));
}

/** Whether somebody may use one of them and not the other: other roles, or endpoints, which a caller is allowed by name. */
function mayDiffer(one: RoutedEntry, other: RoutedEntry): boolean {
  return accessOf(one) !== accessOf(other) || [one, other].some(({ spec }) => spec.kind === 'endpoint');
}

function accessOf({ spec }: RoutedEntry): string {
  return spec.access === 'public' ? 'public' : [...spec.access].sort().join(',');
}
