/** A JSON Schema, or a part of one. */
export type JsonSchema = Schema | boolean;
export type Schema = Readonly<Record<string, unknown>>;

/** A schema that needs itself more often than this needs itself for ever. */
const MAX_TURNS = 20;

/** Where in a schema one stands. */
interface Position {
  root: Schema;
  /** The references that lead here: one of them again would never end. */
  open: readonly string[];
}

/**
 * Follows references and merges `allOf`, so that what remains can be read by itself.
 * @throws where a reference points at nothing
 */
export function resolve(schema: JsonSchema, position: Position): [Schema, open: readonly string[]] {
  const { root, open } = position;
  if (typeof schema === 'boolean') return [schema ? {} : { type: 'null' }, open];
  const { $ref: reference, allOf, ...own } = schema;
  if (typeof reference === 'string') {
    const turns = open.filter((earlier) => earlier === reference).length;
    if (turns > MAX_TURNS) throw new Error(`the schema refers to ${reference} without an end`);
    const [target, after] = resolve(pointedAt(reference, root), { root, open: [...open, reference] });
    return [merge(target, own), after];
  }
  if (!Array.isArray(allOf)) return [schema, open];
  const parts = (allOf as JsonSchema[]).map((part) => resolve(part, position));
  return [parts.reduce((whole, [part]) => merge(whole, part), own as Schema), parts.flatMap(([, after]) => after)];
}

/** Whether a schema leads back, at any depth, to a reference that is open, so that it is better left out. */
export function recurs(schema: unknown, position: Position, seen: ReadonlySet<string> = new Set()): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  const reference = (schema as Schema)['$ref'];
  if (typeof reference === 'string') {
    if (position.open.includes(reference)) return true;
    if (seen.has(reference)) return false;
    return recurs(pointedAt(reference, position.root), position, new Set([...seen, reference]));
  }
  return Object.entries(schema).some(([name, part]) => name !== '$defs' && recurs(part, position, seen));
}

/** Both schemas at once: properties and required names of both, and for the rest the second. */
export function merge(a: Schema, b: JsonSchema): Schema {
  if (typeof b === 'boolean') return a;
  const properties = { ...(a['properties'] as object | undefined), ...(b['properties'] as object | undefined) };
  const required = [...((a['required'] ?? []) as string[]), ...((b['required'] ?? []) as string[])];
  const has = (collected: object) => Object.keys(collected).length > 0;
  return { ...a, ...b, ...(has(properties) && { properties }), ...(has(required) && { required }) };
}

function pointedAt(reference: string, root: Schema): JsonSchema {
  const steps = reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '');
  const names = steps.map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
  const target = names.reduce<unknown>((part, name) => (part as Schema | undefined)?.[name], root);
  if (target === undefined) throw new Error(`the schema refers to ${reference}, which is not in it`);
  return target as JsonSchema;
}
