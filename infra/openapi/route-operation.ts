import type { RouteSpec } from '#edge/specs.ts';
import { isForAdministrators } from '#platform/principal.ts';
import { parametersOf } from '../path-parameters.ts';
import { errorReplies } from './error-replies.ts';
import { jsonSchema } from './json-schema.ts';
import { referenceOf } from './openai-reference.ts';

const FOR_ADMINISTRATORS =
  'For administrators: on AWS the request is signed by a principal of IAM (SigV4, `execute-api`), a local start takes its administrator key.';

const LOCATION = { description: 'Where it is, relative to this request.', schema: { type: 'string' } };

/** The operation of a route that is no endpoint. */
export function routeOperation(spec: RouteSpec) {
  const { path, access, body, output, produces, errors, example, status } = spec;
  const isCompatible = errors === 'openai';
  const parameters = parametersOfRoute(spec);
  const json = output ? jsonSchema(output, 'output') : { type: 'object' };
  const content = produces.map((type) => [type, { schema: type === 'application/json' ? json : { type: 'string' } }]);
  return {
    tags: [isCompatible ? 'openai' : 'service'],
    ...(isCompatible && { externalDocs: referenceOf(path) }),
    ...(isForAdministrators(access) && { description: FOR_ADMINISTRATORS }),
    security: access === 'public' ? [] : [{ key: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: jsonSchema(body, 'input'), ...(example && { example: example['body'] }) },
        },
      },
    }),
    responses: {
      [status]: {
        description: status === 201 ? 'What was made.' : 'The reply.',
        ...(status === 201 && { headers: { location: LOCATION } }),
        content: Object.fromEntries(content) as object,
      },
      ...errorReplies(errorsOf(spec), errors),
      ...conflictsOf(spec),
    },
  };
}

/** Of the query and of the path, from the one schema that checks both. */
function parametersOfRoute({ path, query, example = {} }: RouteSpec) {
  const inPath = parametersOf(path);
  const { properties = {}, required = [] } = jsonSchema(query, 'input') as {
    properties?: Record<string, { readonly description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    const place = inPath.includes(name) ? 'path' : 'query';
    const parameter = { name, in: place, required: place === 'path' || required.includes(name), schema };
    // Readers of a parameter look for its meaning here, those of a schema there.
    if (schema.description !== undefined) Object.assign(parameter, { description: schema.description });
    return Object.hasOwn(example, name) ? Object.assign(parameter, { example: example[name] }) : parameter;
  });
}

/** Of a route that changes callers: not an endpoint's conflict of keys. */
function conflictsOf({ writes, errors }: RouteSpec): object {
  if (!writes.includes('callers')) return {};
  const { 409: conflict } = errorReplies(['409'], errors);
  return { 409: { ...conflict, description: 'The id is taken, the caller was revoked, or others change it too.' } };
}

function errorsOf({ access, path, body, reads, writes }: RouteSpec): string[] {
  const needsCounters = [...reads, ...writes].includes('budgets') || writes.includes('audit');
  return [
    '400',
    '414',
    '431',
    '500',
    ...(access === 'public' ? [] : ['401', '403']),
    ...(parametersOf(path).length > 0 ? ['404'] : []),
    ...(body ? ['413', '422'] : []),
    ...(needsCounters ? ['503'] : []),
  ];
}
