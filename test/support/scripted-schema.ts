/** The part of JSON Schema that is understood here: what OpenAI's structured outputs accept. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
}

/**
 * The smallest plain value that fits a schema: required properties only, the first of an enum, `'text'` for a string,
 * 0 for a number or else the bound nearest to it. String patterns and formats are not looked at.
 *
 * A model that is given a JSON array and asked for `{results: [{index, …}]}` answers once for each element, and so
 * does this: with `inputItems`, an array of objects that bear an integer `index` has that many items, in order.
 */
export function fillSchema(schema: JsonSchema, inputItems?: number): unknown {
  return fill(schema, { root: schema, inputItems });
}

interface Context {
  readonly root: JsonSchema;
  readonly inputItems: number | undefined;
  /** The place in the list, while inside of an item that answers one element of the input. */
  readonly index?: number;
}

function fill(written: JsonSchema, context: Context): unknown {
  const schema = resolve(written, context.root);
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  switch (types.find((type) => type !== 'null') ?? types[0] ?? impliedType(schema)) {
    case 'object':
      return fillObject(schema, context);
    case 'array':
      return fillArray(schema, context);
    case 'string':
      return 'text'.padEnd(schema.minLength ?? 0, '.').slice(0, schema.maxLength);
    case 'integer':
      return plainestNumber(schema, schema.multipleOf ?? 1);
    case 'number':
      return plainestNumber(schema, schema.multipleOf);
    case 'boolean':
      return false;
    default:
      return null;
  }
}

function fillObject(schema: JsonSchema, context: Context): unknown {
  const { index, ...within } = context;
  const entries = (schema.required ?? []).map((name) => {
    if (name === 'index' && index !== undefined) return [name, index] as const;
    return [name, fill(schema.properties?.[name] ?? {}, within)] as const;
  });
  return Object.fromEntries(entries);
}

function fillArray(schema: JsonSchema, context: Context): unknown {
  const items = schema.items ?? {};
  const item = resolve(items, context.root);
  const answersInput = context.inputItems !== undefined && item.properties?.['index']?.type === 'integer';
  const length = answersInput ? context.inputItems : (schema.minItems ?? 0);
  return Array.from({ length }, (_, index) => fill(items, answersInput ? { ...context, index } : context));
}

/** Zero where the bounds allow it, or else a number close to the bound that is in the way. */
function plainestNumber(schema: JsonSchema, unit: number | undefined): number {
  const above = schema.exclusiveMinimum ?? -Infinity;
  const least = Math.max(schema.minimum ?? 0, above >= 0 ? above + (unit ?? 1) : 0, 0);
  const onUnit = unit === undefined ? least : Math.ceil(least / unit) * unit;
  return Math.min(onUnit, schema.maximum ?? Infinity);
}

/** Follows references into the document and takes the first of alternatives, until a schema of its own is reached. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref !== undefined) {
    const [, place, name = ''] = /^#(?:\/(\$defs|definitions)\/(.+))?$/u.exec(schema.$ref) ?? [];
    const target = place === undefined ? root : root[place as '$defs' | 'definitions']?.[name];
    if (!target) throw new Error(`The schema refers to ${schema.$ref}, which it does not have`);
    return resolve(target, root);
  }
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => resolve(part, root)));
  const first = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  return first ? resolve(first, root) : schema;
}

function impliedType(schema: JsonSchema): string {
  if (schema.properties) return 'object';
  return schema.items ? 'array' : 'null';
}
