/** JSON Schema's kinds of values. */
export const JSON_TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'] as const;
/** One of them. */
export type JsonType = (typeof JSON_TYPES)[number];

/** String formats that OpenAI's structured outputs know. https://developers.openai.com/api/docs/guides/structured-outputs */
export const STRING_FORMATS = [
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
] as const;
/** One of them. */
export type StringFormat = (typeof STRING_FORMATS)[number];

/** Steps from the schema's root to a place in it, or from a value's root to a member. */
export type Path = readonly (string | number)[];

/**
 * A caller's schema, read: what its keywords demand of a value, each where it was said. Every member but `path` may be absent,
 * and demands nothing then. References are nodes themselves, so a recursive schema is a graph with a cycle.
 */
export interface SchemaNode {
  /** Where it stands in the caller's schema. */
  readonly path: Path;
  readonly title?: string;
  readonly description?: string;
  /** The schema `false`: nothing fits. */
  readonly isNever?: true;
  readonly types?: readonly JsonType[];
  /** Of `enum`; of `const` it is the only one. */
  readonly values?: readonly unknown[];
  readonly isConst?: true;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  /** In characters: code points. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: { readonly source: string; readonly regexp: RegExp };
  readonly format?: StringFormat;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: SchemaNode;
  readonly properties?: ReadonlyMap<string, SchemaNode>;
  readonly required?: readonly string[];
  /** `additionalProperties: false`. */
  readonly isClosed?: true;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly ref?: SchemaNode;
}

/** A node while it is made: what it refers to may not be read yet. */
export type GrowingNode = { -readonly [Name in keyof SchemaNode]: SchemaNode[Name] };

/** The nodes that judge the same value: references and alternatives. */
export function inPlace({ ref, anyOf = [], oneOf = [] }: SchemaNode): readonly SchemaNode[] {
  return [...(ref ? [ref] : []), ...anyOf, ...oneOf];
}

/** The schema `{"type": "null"}`. */
export function isNull({ types }: SchemaNode): boolean {
  return types?.length === 1 && types[0] === 'null';
}
