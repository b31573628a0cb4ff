import type { JsonSchema } from '#protocol/request.ts';
import { fits } from './check-value.ts';
import { SchemaFault } from './schema-fault.ts';
import { inPlace, type JsonType, type SchemaNode } from './schema-node.ts';

// What OpenAI takes: https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas
const MOST_LEVELS = 10;
const MOST_ENUM_VALUES = 1_000;
const MANY_ENUM_VALUES = 250;
const MOST_CHARS_OF_MANY = 15_000;

/** The member of the answer that holds the value: OpenAI wants an object at the root, whatever the caller's schema is. */
export const VALUE_MEMBER = 'value';

/**
 * A schema as OpenAI's structured outputs take it: an object at the root, every member required (one that may be absent is
 * nullable), nothing additional, references to definitions only. What fits it fits the caller's schema, once `checkValue` has
 * left the nulls out; but for lengths of texts and `oneOf`, which OpenAI does not look at and `checkValue` does.
 *
 * @throws SchemaFault for what cannot be said in that subset
 */
export function toStructured(root: SchemaNode): JsonSchema {
  const translation = new Translation();
  const value = translation.of(root, 1);
  const definitions = translation.definitions();
  return {
    type: 'object',
    properties: { [VALUE_MEMBER]: value },
    required: [VALUE_MEMBER],
    additionalProperties: false,
    ...(definitions && { $defs: definitions }),
  };
}

/** One translation: what is referred to becomes a definition with a name of its own. */
class Translation {
  readonly #names = new Map<SchemaNode, string>();
  readonly #definitions: [string, JsonSchema][] = [];
  #enumValues = 0;

  definitions(): Record<string, JsonSchema> | undefined {
    return this.#definitions.length === 0 ? undefined : Object.fromEntries(this.#definitions);
  }

  /** @param level how many objects and arrays stand around it */
  of(node: SchemaNode, level: number): JsonSchema {
    if (level > MOST_LEVELS)
      throw new SchemaFault(node.path, `is nested more than ${MOST_LEVELS - 1} objects and arrays deep`);
    if (node.isNever) throw new SchemaFault(node.path, 'must not be false: nothing would fit');
    const alone = inPlace(node).length === 0 ? undefined : this.#alone(node, level);
    return { ...saidOf(node), ...(alone ?? this.#own(node, level)) };
  }

  /** A reference or alternatives, which OpenAI takes by themselves only. */
  #alone(node: SchemaNode, level: number): JsonSchema {
    const [first, second] = (['$ref', 'anyOf', 'oneOf'] as const).filter(
      (name) => node[name === '$ref' ? 'ref' : name],
    );
    const beside = second ?? ASSERTIONS.find(([member]) => node[member] !== undefined)?.[1];
    if (beside !== undefined) {
      throw new SchemaFault([...node.path, beside], `is not supported beside ${first as string}`);
    }
    if (node.ref) {
      const reference = { $ref: `#/$defs/${this.#define(node.ref)}` };
      return saidOf(node).description === undefined && node.title === undefined ? reference : { anyOf: [reference] };
    }
    return { anyOf: inPlace(node).map((each) => this.of(each, level)) };
  }

  #define(node: SchemaNode): string {
    const known = this.#names.get(node);
    if (known !== undefined) return known;
    const said = String(node.path.at(-1) ?? 'root')
      .replaceAll(/[^\w-]/g, '_')
      .slice(0, 40);
    const name = `${said}_${this.#names.size + 1}`;
    this.#names.set(node, name);
    // A definition is counted from its own root: of what refers to itself nothing else could be said.
    this.#definitions.push([name, this.of(node, 1)]);
    return name;
  }

  #own(node: SchemaNode, level: number): JsonSchema {
    if (node.values) return this.#values(node, node.values);
    const types = typesOf(node);
    return {
      type: types.length === 1 ? types[0] : types,
      ...(types.includes('string') && given(node, ['format'])),
      ...(types.includes('string') && node.pattern && { pattern: node.pattern.source }),
      ...(types.some((type) => type === 'number' || type === 'integer') && given(node, BOUNDS)),
      ...(types.includes('array') && { items: this.#items(node, level), ...given(node, ['minItems', 'maxItems']) }),
      ...(types.includes('object') && this.#members(node, level)),
    };
  }

  #values(node: SchemaNode, all: readonly unknown[]): JsonSchema {
    const word = node.isConst ? 'const' : 'enum';
    const values = all.filter((value) => fits(node, value));
    if (values.length === 0)
      throw new SchemaFault([...node.path, word], 'has no value that fits the keywords beside it');
    if (values.some((value) => value !== null && typeof value === 'object')) {
      throw new SchemaFault([...node.path, word], 'must hold texts, numbers, true, false or null only');
    }
    this.#enumValues += values.length;
    if (this.#enumValues > MOST_ENUM_VALUES)
      throw new SchemaFault([...node.path, word], `brings the schema's values to more than ${MOST_ENUM_VALUES}`);
    const chars = values.reduce<number>((sum, value) => sum + String(value).length, 0);
    if (values.length > MANY_ENUM_VALUES && chars > MOST_CHARS_OF_MANY) {
      throw new SchemaFault(
        [...node.path, word],
        `must have at most ${MOST_CHARS_OF_MANY} characters together, but has ${chars}`,
      );
    }
    const types = [...new Set(values.map((value) => (value === null ? 'null' : typeof value)))];
    return { type: types.length === 1 ? types[0] : types, ...(node.isConst ? { const: values[0] } : { enum: values }) };
  }

  #items({ items, path }: SchemaNode, level: number): JsonSchema {
    if (!items) throw new SchemaFault(path, 'must say what its items are (items)');
    return this.of(items, level + 1);
  }

  #members({ properties, required = [], path }: SchemaNode, level: number): JsonSchema {
    if (!properties || properties.size === 0) throw new SchemaFault(path, 'must say what its members are (properties)');
    const unknown = required.findIndex((name) => !properties.has(name));
    if (unknown >= 0)
      throw new SchemaFault([...path, 'required', unknown], 'names a member that properties does not have');
    const members = [...properties].map(([name, node]) => {
      const member = this.of(node, level + 1);
      return [name, required.includes(name) || fits(node, null) ? member : orNull(member)] as const;
    });
    return { properties: Object.fromEntries(members), required: [...properties.keys()], additionalProperties: false };
  }
}

const BOUNDS = ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum', 'multipleOf'] as const;

/** What demands something of a value by itself. */
const ASSERTIONS: readonly (readonly [member: keyof SchemaNode, keyword: string])[] = [
  ...(
    ['minLength', 'maxLength', 'pattern', 'format', 'minItems', 'maxItems', 'items', 'properties', 'required'] as const
  ).map((name) => [name, name] as const),
  ...BOUNDS.map((name) => [name, name] as const),
  ['types', 'type'],
  ['values', 'enum'],
  ['isClosed', 'additionalProperties'],
];

/** What keywords say of the kind, where `type` does not. */
const IMPLIED: readonly (readonly [member: keyof SchemaNode, type: JsonType])[] = [
  ['properties', 'object'],
  ['items', 'array'],
  ['pattern', 'string'],
  ['format', 'string'],
  ['minLength', 'string'],
  ['maxLength', 'string'],
  ...BOUNDS.map((name) => [name, 'number'] as const),
];

/** @throws SchemaFault where nothing tells the kind: OpenAI wants one */
function typesOf(node: SchemaNode): readonly JsonType[] {
  if (node.types) return node.types;
  const implied = IMPLIED.find(([member]) => node[member] !== undefined);
  if (!implied) throw new SchemaFault(node.path, 'must say what it is (type)');
  return [implied[1]];
}

/** Title and description, and in words what OpenAI has no keyword for. */
function saidOf({ title, description, minLength, maxLength }: SchemaNode): { title?: string; description?: string } {
  const least = minLength ? `at least ${minLength}` : undefined;
  const most = maxLength === undefined ? undefined : `at most ${maxLength}`;
  const length = [least, most].filter((each) => each !== undefined).join(' and ');
  const said = [description, length && `Has ${length} characters.`].filter(Boolean).join(' ');
  return { ...(title !== undefined && { title }), ...(said && { description: said }) };
}

function given(node: SchemaNode, names: readonly (keyof SchemaNode)[]): JsonSchema {
  return Object.fromEntries(names.flatMap((name) => (node[name] === undefined ? [] : [[name, node[name]]])));
}

function orNull(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (Array.isArray(anyOf)) return { ...rest, anyOf: [...(anyOf as JsonSchema[]), { type: 'null' }] };
  return { anyOf: [schema, { type: 'null' }] };
}
