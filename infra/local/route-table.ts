import { parameterIn } from '../path-parameters.ts';
import { pathOf, routedEntries } from '../routes.ts';
import type { HostedFunction } from './lambda-host.ts';

/** The function that a request goes to. */
export interface Route {
  readonly hosted: HostedFunction;
  /** The route's path as its spec has it: `/v1/budgets/{scope}`. */
  readonly resource: string;
  /** What stands in the places of its parameters, as it was sent. Null where it has none, as in the event. */
  readonly parameters: Readonly<Record<string, string>> | null;
}

/** Finds the route of a request; undefined where there is none. */
export type FindRoute = (method: string, path: string) => Route | undefined;

/** The API's resources, from the specs of its functions. */
interface Resource {
  readonly path: string;
  readonly segments: readonly string[];
  readonly methods: Map<string, HostedFunction>;
}

/**
 * The routes as API Gateway finds them: first the resource by its path, where a plain segment goes before a parameter, then
 * its method. So a method that the nearer resource lacks is not looked for at the farther one.
 */
export function createRouteTable(functions: readonly HostedFunction[]): FindRoute {
  const resources = resourcesOf(functions);
  const inOrder = [...resources.values()].sort(plainFirst);
  return (method, path) => {
    const resource = resources.get(path) ?? inOrder.find(({ segments }) => fits(segments, path.split('/')));
    const hosted = resource?.methods.get(method);
    return resource && hosted && { hosted, resource: resource.path, parameters: parametersIn(resource, path) };
  };
}

function resourcesOf(functions: readonly HostedFunction[]): Map<string, Resource> {
  const resources = new Map<string, Resource>();
  for (const hosted of functions) {
    const [entry] = routedEntries([hosted.entry]);
    if (!entry) continue;
    const path = pathOf(entry);
    const resource = resources.get(path) ?? { path, segments: path.split('/'), methods: new Map() };
    resources.set(path, resource);
    resource.methods.set(entry.spec.method, hosted);
  }
  return resources;
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  if (template.length !== segments.length) return false;
  return template.every((wanted, at) =>
    parameterIn(wanted) === undefined ? wanted === segments[at] : segments[at] !== '',
  );
}

/** By the first place in which one has a plain segment and the other a parameter. */
function plainFirst({ segments }: Resource, other: Resource): number {
  for (const [at, segment] of segments.entries()) {
    const [isParameter, isParameterThere] = [segment, other.segments[at] ?? ''].map(
      (it) => parameterIn(it) !== undefined,
    );
    if (isParameter !== isParameterThere) return isParameter ? 1 : -1;
  }
  return 0;
}

function parametersIn({ segments }: Resource, path: string): Record<string, string> | null {
  const sent = path.split('/');
  const found = segments.flatMap((segment, at) => {
    const name = parameterIn(segment);
    return name === undefined ? [] : [[name, sent[at] ?? ''] as const];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}
