import { pathOf, type RoutedEntry } from '../routes.ts';
import { compatibleOperation } from './compatible-operation.ts';
import { endpointOperation } from './endpoint-operation.ts';
import { routeOperation } from './route-operation.ts';
import { EVENT_SCHEMAS } from './event-stream.ts';
import { OPENAI_ERROR_SCHEMA, PROBLEM_SCHEMA } from './error-schemas.ts';

/** The whole API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html), from the specs alone. */
export function openApiDocument(entries: readonly RoutedEntry[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const entry of entries) {
    (paths[pathOf(entry)] ??= {})[entry.spec.method.toLowerCase()] = {
      operationId: entry.name.replaceAll('/', '-'),
      summary: entry.spec.summary,
      ...operationOf(entry),
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
    tags: TAGS,
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A caller’s key.' } },
      schemas: { Problem: PROBLEM_SCHEMA, OpenAiError: OPENAI_ERROR_SCHEMA, ...EVENT_SCHEMAS },
    },
  };
}

/** In the order in which readers want them. */
const TAGS = [
  { name: 'endpoints', description: 'Weir’s own: JSON in, JSON or a stream of events out.' },
  { name: 'openai', description: 'As OpenAI has them, for its SDKs.' },
  { name: 'service', description: 'Budgets, spend, and this API itself.' },
];

function operationOf(entry: RoutedEntry): object {
  const { spec } = entry;
  if (spec.kind === 'route') return routeOperation(spec);
  return spec.answers === 'openai' ? compatibleOperation(spec, pathOf(entry)) : endpointOperation(spec);
}
