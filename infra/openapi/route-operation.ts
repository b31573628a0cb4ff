import type { RouteSpec } from '#edge/specs.ts';
import { parametersOf } from '../path-parameters.ts';
import { errorReplies } from './error-replies.ts';
import { jsonSchema } from './json-schema.ts';
import { referenceOf } from './openai-reference.ts';

/** The operation of a route that is no endpoint. */
export function routeOperation(spec: RouteSpec) {
  const { path, access, body, output, produces, errors } = spec;
  const isCompatible = errors === 'openai';
  const parameters = parametersOfRoute(spec);
  const json = { 'application/json': { schema: output ? jsonSchema(output, 'output') : { type: 'object' } } };
  const others = produces
    .filter((type) => type !== 'application/json')
    .map((type) => [type, { schema: { type: 'string' } }]);
  return {
    tags: [isCompatible ? 'openai' : 'service'],
    ...(isCompatible && { externalDocs: referenceOf(path) }),
    security: access === 'public' ? [] : [{ key: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } },
    }),
    responses: {
      200: { description: 'The reply.', content: { ...json, ...Object.fromEntries(others) } },
      ...errorReplies(errorsOf(spec), errors),
    },
  };
}

/** Of the query and of the path, from the one schema that checks both. */
function parametersOfRoute({ path, query }: RouteSpec) {
  const inPath = parametersOf(path);
  const { properties = {}, required = [] } = jsonSchema(query, 'input') as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: inPath.includes(name) ? 'path' : 'query',
    required: inPath.includes(name) || required.includes(name),
    schema,
  }));
}

function errorsOf({ access, path, body, reads, writes }: RouteSpec): string[] {
  const countsMoney = [...reads, ...writes].includes('budgets');
  return [
    '400',
    '500',
    ...(access === 'public' ? [] : ['401', '403']),
    ...(parametersOf(path).length > 0 ? ['404'] : []),
    ...(body ? ['413', '422'] : []),
    ...(countsMoney ? ['503'] : []),
  ];
}
