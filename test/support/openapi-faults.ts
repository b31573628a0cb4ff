import * as z from 'zod';

type Schema = Readonly<Record<string, unknown>>;

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

/** The parts of an OpenAPI document that replies are held against. */
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface SeenReply {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string | undefined;
  /** Parsed JSON; of an event stream its text, whole. */
  readonly body: unknown;
}

/** Where a reply is not what the document says; empty: nowhere. */
export function faultsAgainst(document: OpenApi, { method, path, status, contentType, body }: SeenReply): string[] {
  const operation = document.paths[path]?.[method];
  if (!operation) return [`${method} ${path} is not in the document`];
  const reply = operation.responses[status];
  if (!reply) return [`${operation.operationId} does not tell of status ${status}`];
  const type = contentType?.split(';')[0] ?? '';
  const content = reply.content[type];
  if (!content) return [`${operation.operationId} ${status} does not tell of ${contentType}`];
  const schema = z.fromJSONSchema(resolved(content.schema, document) as Schema);
  const isEvents = type === 'text/event-stream' && content.schema['type'] !== 'string';
  if (!isEvents) return faultsOf(schema, body, '');
  return eventsOf(String(body)).flatMap((event, at) => faultsOf(schema, event, `event ${at + 1} (${event.event}) `));
}

function faultsOf(schema: z.ZodType, value: unknown, place: string): string[] {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${place}${issue.path.join('.')}: ${issue.message}`);
}

/** The events of a stream with their data parsed, without comments. */
function eventsOf(text: string): { event: string; data: unknown }[] {
  return text.split('\n\n').flatMap((block) => {
    const lines = block.split('\n').filter((line) => line !== '' && !line.startsWith(':'));
    if (lines.length === 0) return [];
    const valueOf = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    return [{ event: valueOf('event') ?? 'message', data: JSON.parse(valueOf('data') ?? 'null') as unknown }];
  });
}

/** A schema with what its references name in their places. */
function resolved(value: unknown, document: OpenApi): unknown {
  if (Array.isArray(value)) return value.map((each) => resolved(each, document));
  if (typeof value !== 'object' || value === null) return value;
  const reference = (value as Schema)['$ref'];
  if (typeof reference === 'string') {
    return resolved(document.components.schemas[reference.replace('#/components/schemas/', '')] ?? {}, document);
  }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolved(each, document)]));
}
