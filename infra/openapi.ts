import * as z from 'zod';
import { IDEMPOTENCY_KEY } from '#edge/idempotency-key.ts';
import type { EndpointSpec, RouteSpec } from '#edge/specs.ts';
import { parametersOf } from './path-parameters.ts';
import { pathOf, type RoutedEntry } from './routes.ts';

/** Replies that an endpoint or a route may give beside its own, with what they mean. */
const PROBLEMS: Readonly<Record<string, string>> = {
  400: 'The input is wrong; `errors` names each field, its limit and the value received.',
  401: 'No valid key.',
  402: 'A budget would be overspent; tells the scope, its limit, what is spent and held, and when it resets. Do not retry.',
  403: 'The key may not use this.',
  404: 'No such thing.',
  409: 'The same Idempotency-Key is being worked on.',
  413: 'The body or the request is too large.',
  422: 'The body is not JSON, the model declined, or the Idempotency-Key stands for another body.',
  429: 'The upstream allows no more for now; see Retry-After.',
  500: 'Something went wrong inside.',
  502: 'The upstream failed.',
  503: 'Overloaded, out of quota, or a budget or an Idempotency-Key could not be checked.',
  504: 'No answer within the deadline. Do not retry at once.',
};

const header = (description: string, type = 'string') => ({ description, schema: { type } });

const REPLY_HEADERS = {
  'x-weir-call-id': header('Id of the call in the ledger.'),
  'x-weir-cost-usd': header('What the call cost, in decimal US dollars.'),
  'x-weir-model': header('The model that answered.'),
  'x-weir-cache': header('hit, miss or bypass.'),
  'x-weir-attempts': header('Requests made to the upstream.', 'integer'),
  'x-weir-replayed': header('true, where this is the reply to an earlier request with the same Idempotency-Key.'),
  age: header('Seconds since the cached answer was made.', 'integer'),
};

const REQUEST_HEADERS = [
  {
    name: 'x-weir-timeout-ms',
    in: 'header',
    description: 'Milliseconds within which the answer must come.',
    schema: { type: 'integer', minimum: 1, maximum: 999_999_999 },
  },
  {
    name: 'cache-control',
    in: 'header',
    description: 'no-cache, no-store, max-age or only-if-cached, as HTTP means them.',
    schema: { type: 'string' },
  },
  {
    name: 'idempotency-key',
    in: 'header',
    description:
      'Chosen by the caller for one call: for 24 hours the same key with the same body gets the same reply, and nothing more is spent.',
    schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
  },
];

/** The whole API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html), from the specs alone. */
export function openApiDocument(entries: readonly RoutedEntry[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const entry of entries) {
    const operation = entry.spec.kind === 'endpoint' ? endpointOperation(entry.spec) : routeOperation(entry.spec);
    (paths[pathOf(entry)] ??= {})[entry.spec.method.toLowerCase()] = {
      operationId: entry.name.replaceAll('/', '-'),
      summary: entry.spec.summary,
      ...operation,
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Weir',
      version: '1',
      description: 'A control layer around the OpenAI API. Every call has a deadline, a budget and a cost.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative to this document, whatever stage it is served from.
    servers: [{ url: '.' }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A caller’s key.' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}

function endpointOperation({ input, output, example }: EndpointSpec) {
  return {
    tags: ['endpoints'],
    security: [{ key: [] }],
    parameters: REQUEST_HEADERS,
    requestBody: {
      required: true,
      content: { 'application/json': { schema: jsonSchema(input, 'input'), example } },
    },
    responses: {
      200: {
        description: 'The output.',
        headers: REPLY_HEADERS,
        content: { 'application/json': { schema: jsonSchema(output, 'output') } },
      },
      ...problemReplies(Object.keys(PROBLEMS).filter((status) => status !== '404')),
    },
  };
}

function routeOperation(spec: RouteSpec) {
  const { access, body, output, produces } = spec;
  const parameters = parametersOfRoute(spec);
  const json = { 'application/json': { schema: output ? jsonSchema(output, 'output') : { type: 'object' } } };
  const others = produces
    .filter((type) => type !== 'application/json')
    .map((type) => [type, { schema: { type: 'string' } }]);
  return {
    tags: ['service'],
    security: access === 'public' ? [] : [{ key: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } },
    }),
    responses: {
      200: { description: 'The reply.', content: { ...json, ...Object.fromEntries(others) } },
      ...problemReplies(problemsOf(spec)),
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

function problemsOf({ access, path, body, reads, writes }: RouteSpec): string[] {
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

function problemReplies(statuses: readonly string[]) {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(statuses.map((status) => [status, { description: PROBLEMS[status], content }]));
}

/** Inputs as a caller may write them (fields with a default are optional), outputs as they come back. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return document;
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem details.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};
