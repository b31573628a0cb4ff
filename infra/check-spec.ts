import * as z from 'zod';
import type { EntrySpec, RotationSpec, RouteSpec, ScheduleSpec } from '#edge/specs.ts';
import { isForAdministrators } from '#platform/principal.ts';
import { endpointFaults } from './check-endpoint.ts';
import { faultOf, rangeFaults } from './faults.ts';
import type { JsonNode } from './json-node.ts';
import { parametersOf, ROUTE_PATH } from './path-parameters.ts';

const LONGEST_TIMEOUT_MS = 890_000;
/** A week. */
const LONGEST_INTERVAL_MINUTES = 10_080;

/**
 * What is wrong with a spec that types cannot tell, or that nobody checked because the file was only run: each fault names
 * the member, and what it must be. Told when the inventory is read, so that `npm start` and synth say it, and not a caller's 500.
 */
export function specFaults(spec: EntrySpec): string[] {
  switch (spec.kind) {
    case 'endpoint':
      return endpointFaults(spec);
    case 'route':
      return routeFaults(spec);
    case 'schedule':
    case 'rotation':
      return scheduleFaults(spec);
    case 'authorizer':
      return [];
  }
}

function routeFaults({ method, path, access, query, body, example, timeoutMs }: RouteSpec): string[] {
  const faults = [...accessFaults(access), ...rangeFaults('timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS)];
  if (!ROUTE_PATH.test(path)) faults.push(`path must be one such as /v1/budgets/{scope}, but ${path} was given`);
  if ((method === 'PUT' || method === 'POST') !== (body !== undefined))
    faults.push('body must be given for a PUT or a POST, and for nothing else');
  const schemaFault = faultOf(() => [query, body].map((schema) => schema && z.toJSONSchema(schema, { io: 'input' })));
  if (schemaFault !== undefined) return [...faults, `query and body must be told as JSON Schema: ${schemaFault}`];
  const known = (z.toJSONSchema(query, { io: 'input' }) as JsonNode).properties ?? {};
  const parameters = parametersOf(path);
  for (const name of parameters) {
    if (!Object.hasOwn(known, name)) faults.push(`query must have ${name}, a parameter of the path ${path}`);
  }
  if (new Set(parameters).size < parameters.length)
    faults.push(`path must not name a parameter twice, but ${path} does`);
  if (example) faults.push(...exampleFaults(example, query, body));
  if (body && Object.hasOwn(known, 'body')) faults.push('query must not have body, which is where the body stands');
  return faults;
}

/** On AWS a route asks API Gateway for one proof: IAM's, for administrators, or the authorizer's, for who holds a key. */
function accessFaults(access: RouteSpec['access']): string[] {
  if (access === 'public') return [];
  if (access.length === 0) return ['access must name a role, or be public'];
  if (!access.includes('administrator') || isForAdministrators(access)) return [];
  return [
    `access must be administrator alone or not name it, for they come by IAM, but ${access.join(', ')} was given`,
  ];
}

function exampleFaults(example: Example, query: z.ZodType, body: z.ZodType | undefined): string[] {
  const { body: given, ...parameters } = example;
  const whole = body ? z.object({ query, body }) : z.object({ query });
  const parsed = whole.safeParse({ query: body ? parameters : example, body: given });
  return parsed.success ? [] : [`example does not fit query and body: ${z.prettifyError(parsed.error)}`];
}

type Example = NonNullable<RouteSpec['example']>;

function scheduleFaults({ everyMinutes, timeoutMs }: ScheduleSpec | RotationSpec): string[] {
  return [
    ...rangeFaults('everyMinutes', everyMinutes, 1, LONGEST_INTERVAL_MINUTES),
    ...rangeFaults('timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS),
  ];
}
