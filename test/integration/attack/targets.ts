import type { EndpointSpec, ErrorForm, RouteSpec } from '#edge/specs.ts';
import { readInventory, type Entry } from '#infra/inventory.ts';
import { parameterIn } from '#infra/path-parameters.ts';
import { pathOf, routedEntries, type RoutedEntry } from '#infra/routes.ts';
import type { Role } from '#platform/principal.ts';

/**
 * What is attacked alike. `endpoint`: Weir's own, paid for; `compatible`: OpenAI's words, paid for; `public`: takes no key;
 * `reading`: needs a role, and takes no body; `writing`: needs a role, and takes one.
 */
export type TargetKind = 'endpoint' | 'compatible' | 'public' | 'reading' | 'writing';

/** A route of the inventory, with a request that it takes. */
export interface Target {
  readonly name: string;
  readonly kind: TargetKind;
  readonly method: string;
  /** With its parameters filled in. */
  readonly path: string;
  /** Names of the parameters in its path. */
  readonly parameters: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  /** Absent where it takes none. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Who may be here; none: everybody. */
  readonly access: readonly Role[];
  readonly form: ErrorForm;
  readonly spec: EndpointSpec | RouteSpec;
}

/** A caller whom every scene has made: so that routes with an `{id}` are asked for somebody who is there. */
export const KNOWN_CALLER = 'shop';

/** What stands in the place of a parameter for which a spec has no example. Of an unknown name: something. */
const PARAMETERS: Readonly<Record<string, string>> = { id: KNOWN_CALLER, asset: 'nothing.js', keyId: 'key_0' };

/** Every route that the inventory knows: one that is added is attacked without a word here. */
export async function allTargets(functionsFolder?: string): Promise<Target[]> {
  return targetsOf(await readInventory(functionsFolder));
}

/** The routes of these entries. */
export function targetsOf(entries: readonly Entry[]): Target[] {
  return routedEntries(entries).map(targetOf);
}

function targetOf(entry: RoutedEntry): Target {
  const { name, spec } = entry;
  const { body, ...parts } = exampleOf(spec);
  const given = parts as Readonly<Record<string, string | undefined>>;
  const segments = pathOf(entry).split('/');
  const parameters = segments.flatMap((segment) => parameterIn(segment) ?? []);
  const valueOf = (parameter: string) => given[parameter] ?? PARAMETERS[parameter] ?? 'something';
  const isInQuery = ([key]: readonly [string, unknown]) => !parameters.includes(key);
  const query = Object.fromEntries(Object.entries(given).filter(isInQuery));
  return {
    name,
    kind: kindOf(spec),
    method: spec.method,
    path: segments.map((segment) => filledIn(segment, valueOf)).join('/'),
    parameters,
    query: query as Record<string, string>,
    ...(body !== undefined && { body: body as Record<string, unknown> }),
    access: spec.access === 'public' ? [] : spec.access,
    form: spec.errors ?? 'problem',
    spec,
  };
}

function filledIn(segment: string, valueOf: (parameter: string) => string): string {
  const parameter = parameterIn(segment);
  return parameter === undefined ? segment : encodeURIComponent(valueOf(parameter));
}

/** Parameters by their names, and the body beside them. */
function exampleOf(spec: EndpointSpec | RouteSpec): Readonly<Record<string, unknown>> {
  if (spec.kind === 'endpoint') return { body: spec.example };
  return { ...(spec.body && { body: {} }), ...spec.example };
}

function kindOf(spec: EndpointSpec | RouteSpec): TargetKind {
  if (spec.kind === 'endpoint') return spec.errors === 'openai' ? 'compatible' : 'endpoint';
  if (spec.access === 'public') return 'public';
  return spec.body ? 'writing' : 'reading';
}
