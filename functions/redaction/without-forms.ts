import { isJsonObject } from '#protocol/pass-content.ts';
import type { JsonObject, JsonSchema, ModelRequest } from '#protocol/request.ts';

/** What a schema says of the form of a text, which a placeholder has not: a model held to it would have to invent a value. */
const FORMS = new Set(['format', 'pattern', 'contentEncoding', 'contentMediaType']);
/** Members of a schema whose members are schemas by name. */
const NAMED = new Set(['properties', '$defs', 'definitions', 'patternProperties', 'dependentSchemas']);
/** Members of a body in OpenAI's words under which schemas stand. */
const HOLD_SCHEMAS = new Set(['response_format', 'text', 'tools', 'functions']);

/** A request whose schemas say nothing of the form of texts. */
export function withoutForms(request: ModelRequest): ModelRequest {
  if (request.kind === 'embed') return request;
  if (request.kind === 'pass') return { ...request, body: bodyWithoutForms(request.body) };
  const { format, tools } = request;
  return {
    ...request,
    ...(format && { format: { ...format, schema: schemaWithoutForms(format.schema) as JsonSchema } }),
    ...(tools && {
      tools: tools.map((tool) => Object.assign({}, tool, { parameters: schemaWithoutForms(tool.parameters) })),
    }),
  };
}

function bodyWithoutForms(body: JsonObject): JsonObject {
  const members = Object.entries(body).map(([name, member]) => [
    name,
    HOLD_SCHEMAS.has(name) ? inside(member) : member,
  ]);
  return Object.fromEntries(members) as JsonObject;
}

/** Looks for the schemas in what holds some: `schema` and `parameters`, at any depth. */
function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => inside(item));
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => {
    const isSchema = name === 'schema' || name === 'parameters';
    return [name, isSchema ? schemaWithoutForms(member) : inside(member)];
  });
  return Object.fromEntries(members);
}

function schemaWithoutForms(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((item) => schemaWithoutForms(item));
  if (!isJsonObject(schema)) return schema;
  const members = Object.entries(schema).flatMap(([name, member]) => {
    if (FORMS.has(name) && typeof member === 'string') return [];
    if (!NAMED.has(name) || !isJsonObject(member)) return [[name, schemaWithoutForms(member)] as const];
    const named = Object.entries(member).map(([own, each]) => [own, schemaWithoutForms(each)]);
    return [[name, Object.fromEntries(named)] as const];
  });
  return Object.fromEntries(members);
}
