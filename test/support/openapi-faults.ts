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
  readonly body: unknown;
}

/** Where a reply is not what the document says; empty: nowhere. */
export function faultsAgainst(document: OpenApi, { method, path, status, contentType, body }: SeenReply): string[] {
  const operation = document.paths[path]?.[method];
  if (!operation) return [`${method} ${path} is not in the document`];
  const reply = operation.responses[status];
  if (!reply) return [`${operation.operationId} does not tell of status ${status}`];
  const content = reply.content[contentType ?? ''];
  if (!content) return [`${operation.operationId} ${status} does not tell of ${contentType}`];
  const parsed = z.fromJSONSchema(resolved(content.schema, document)).safeParse(body);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function resolved(schema: Schema, { components }: OpenApi): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  return components.schemas[reference.replace('#/components/schemas/', '')] ?? {};
}
