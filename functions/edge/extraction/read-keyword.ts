import { compilePattern } from './patterns.ts';
import { SchemaFault } from './schema-fault.ts';
import {
  JSON_TYPES,
  STRING_FORMATS,
  type GrowingNode,
  type JsonType,
  type Path,
  type SchemaNode,
  type StringFormat,
} from './schema-node.ts';

/** Where a keyword stands, and how the schemas in it are read. */
interface Reader {
  readonly path: Path;
  readonly schemaAt: (path: Path, given: unknown) => SchemaNode;
  readonly refer: (reference: string) => SchemaNode;
}

type Read = (value: unknown, node: GrowingNode, reader: Reader) => void;

/** What says nothing of whether a value fits, and is not sent; and the places that only references reach. */
const PASSED_OVER: readonly string[] = [
  '$schema',
  '$comment',
  '$defs',
  'definitions',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
];

const text =
  (name: 'title' | 'description'): Read =>
  (value, node, { path }) => {
    if (typeof value !== 'string') throw new SchemaFault(path, 'must be a text');
    node[name] = value;
  };

const bound =
  (name: 'minimum' | 'exclusiveMinimum' | 'maximum' | 'exclusiveMaximum' | 'multipleOf'): Read =>
  (value, node, { path }) => {
    if (typeof value !== 'number') throw new SchemaFault(path, 'must be a number');
    if (name === 'multipleOf' && value <= 0) throw new SchemaFault(path, 'must be more than 0');
    node[name] = value;
  };

const size =
  (name: 'minLength' | 'maxLength' | 'minItems' | 'maxItems'): Read =>
  (value, node, { path }) => {
    if (!Number.isInteger(value) || (value as number) < 0)
      throw new SchemaFault(path, 'must be a whole number, 0 or more');
    node[name] = value as number;
  };

const alternatives =
  (name: 'anyOf' | 'oneOf'): Read =>
  (value, node, { path, schemaAt }) => {
    if (!Array.isArray(value) || value.length === 0) throw new SchemaFault(path, 'must be a list of schemas');
    node[name] = value.map((each, index) => schemaAt([...path, String(index)], each));
  };

/** The keywords that the subset claims: every one is either sent to the model, or checked here, or both. */
const KEYWORDS: Readonly<Record<string, Read>> = {
  title: text('title'),
  description: text('description'),
  minimum: bound('minimum'),
  exclusiveMinimum: bound('exclusiveMinimum'),
  maximum: bound('maximum'),
  exclusiveMaximum: bound('exclusiveMaximum'),
  multipleOf: bound('multipleOf'),
  minLength: size('minLength'),
  maxLength: size('maxLength'),
  minItems: size('minItems'),
  maxItems: size('maxItems'),
  anyOf: alternatives('anyOf'),
  oneOf: alternatives('oneOf'),
  type(value, node, { path }) {
    const types = Array.isArray(value) ? (value as unknown[]) : [value];
    if (types.length === 0 || !types.every((type) => JSON_TYPES.includes(type as JsonType))) {
      throw new SchemaFault(path, `must be one or more of ${JSON_TYPES.join(', ')}`);
    }
    node.types = types as JsonType[];
  },
  enum(value, node, { path }) {
    if (!Array.isArray(value) || value.length === 0) throw new SchemaFault(path, 'must be a list of values');
    if (node.values) throw new SchemaFault(path, 'must not stand beside const');
    node.values = value;
  },
  const(value, node, { path }) {
    if (node.values) throw new SchemaFault(path, 'must not stand beside enum');
    node.values = [value];
    node.isConst = true;
  },
  pattern(value, node, { path }) {
    if (typeof value !== 'string') throw new SchemaFault(path, 'must be a regular expression');
    node.pattern = { source: value, regexp: compilePattern(value, path) };
  },
  format(value, node, { path }) {
    if (!STRING_FORMATS.includes(value as StringFormat)) {
      throw new SchemaFault(path, `must be one of ${STRING_FORMATS.join(', ')}`);
    }
    node.format = value as StringFormat;
  },
  items(value, node, { path, schemaAt }) {
    node.items = schemaAt(path, value);
  },
  properties(value, node, { path, schemaAt }) {
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      throw new SchemaFault(path, 'must be an object');
    node.properties = new Map(Object.entries(value).map(([name, each]) => [name, schemaAt([...path, name], each)]));
  },
  required(value, node, { path }) {
    if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
      throw new SchemaFault(path, 'must be a list of names');
    }
    node.required = value;
  },
  additionalProperties(value, node, { path }) {
    if (typeof value !== 'boolean')
      throw new SchemaFault(path, 'must be true or false: structured outputs have no open maps');
    if (!value) node.isClosed = true;
  },
  $ref(value, node, { path, refer }) {
    if (typeof value !== 'string') throw new SchemaFault(path, 'must be a reference');
    node.ref = refer(value);
  },
};

/** The keywords that a schema may have. */
export const CLAIMED_KEYWORDS: readonly string[] = [...Object.keys(KEYWORDS), ...PASSED_OVER];

/** Whether a schema may have this keyword. */
export function isClaimed(name: string): boolean {
  return CLAIMED_KEYWORDS.includes(name);
}

/** Reads one keyword into its node. @throws SchemaFault when its value is none that it may have */
export function readKeyword(name: string, value: unknown, node: GrowingNode, reader: Reader): void {
  KEYWORDS[name]?.(value, node, reader);
}
