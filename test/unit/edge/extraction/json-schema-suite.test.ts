import { describe, expect, test } from 'vitest';
import { checkValue } from '#edge/extraction/check-value.ts';
import { readSchema, type RawSchema } from '#edge/extraction/read-schema.ts';
import { SchemaFault } from '#edge/extraction/schema-fault.ts';
import { toStructured } from '#edge/extraction/to-structured.ts';
import { corpus } from '#test/support/corpus.ts';

interface Group {
  readonly file: string;
  readonly description: string;
  readonly schema: RawSchema | boolean;
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[];
}

const groups = corpus<Group>('json-schema-suite');

/** What the subset claims, by the suite's files, and how many of each file's tests its keywords reach. */
const CLAIMED: Readonly<Record<string, number>> = {
  additionalProperties: 1,
  anyOf: 18,
  boolean_schema: 18,
  const: 54,
  default: 7,
  enum: 45,
  exclusiveMaximum: 4,
  exclusiveMinimum: 4,
  items: 12,
  maxItems: 6,
  maxLength: 7,
  maximum: 8,
  minItems: 6,
  minLength: 7,
  minimum: 11,
  multipleOf: 11,
  oneOf: 27,
  pattern: 12,
  properties: 20,
  ref: 28,
  required: 18,
  type: 80,
  'optional/ecmascript-regex': 57,
  'optional/float-overflow': 1,
  'optional/non-bmp-regex': 7,
  'optional/format/date': 81,
  'optional/format/date-time': 33,
  'optional/format/duration': 52,
  'optional/format/email': 27,
  'optional/format/hostname': 26,
  'optional/format/ipv4': 41,
  'optional/format/ipv6': 42,
  'optional/format/time': 47,
  'optional/format/uuid': 28,
};

/** Refused by name, wherever they stand. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  allOf: /^allOf is not/,
  anchor: /^(\$id is not|\$ref must refer to a place in the same schema)/,
  contains: /^contains is not/,
  content: /^content(MediaType|Encoding) is not/,
  // It refers to the metaschema, a remote one.
  defs: /^\$ref must refer to a place in the same schema/,
  dependentRequired: /^dependentRequired is not/,
  dependentSchemas: /^dependentSchemas is not/,
  dynamicRef: /^(\$id is not|\$dynamicRef is not|\$ref must)/,
  'if-then-else': /^(if|then|else|allOf) is not/,
  'infinite-loop-detection': /^allOf is not/,
  maxContains: /^(maxContains|contains) is not/,
  maxProperties: /^maxProperties is not/,
  minContains: /^(minContains|contains) is not/,
  minProperties: /^minProperties is not/,
  not: /^not is not/,
  patternProperties: /^patternProperties is not/,
  prefixItems: /^prefixItems is not/,
  propertyNames: /^propertyNames is not/,
  refRemote: /^(\$id is not|\$ref must refer to a place in the same schema)/,
  unevaluatedItems: /^(unevaluatedItems|prefixItems|allOf|if|contains|\$id) is not/,
  unevaluatedProperties:
    /^(unevaluatedProperties|patternProperties|allOf|not|if|dependentSchemas|propertyNames|\$id) is not|^additionalProperties must be true or false/,
  uniqueItems: /^(uniqueItems|prefixItems) is not/,
};

/** `format` is asserted here, as the files under `optional/format` have it; `format.json` has it say nothing. Of `vocabulary`, nothing is claimed. */
const LEFT_OUT = ['format', 'vocabulary'];

/** A boolean at the root is no object, as `schema` has to be; everywhere else it is a schema. */
function read(schema: Group['schema']) {
  return readSchema(typeof schema === 'boolean' ? { $ref: '#/$defs/it', $defs: { it: schema } } : schema);
}

function refusalOf(schema: Group['schema']): string | undefined {
  try {
    read(schema);
    return undefined;
  } catch (error) {
    if (error instanceof SchemaFault) return `${error.path.at(-1)} ${error.message}`;
    throw error;
  }
}

test('the suite’s files are claimed, refused by name or left out, each of them', () => {
  const files = [...new Set(groups.map(({ file }) => file))].sort();
  expect(files).toEqual([...Object.keys(CLAIMED), ...Object.keys(REFUSED), ...LEFT_OUT].sort());
});

describe.each(Object.keys(CLAIMED))('%s', (file) => {
  // Whether a name in Punycode is one that IDNA allows is not claimed.
  const own = groups.filter((group) => group.file === file && !group.description.startsWith('validation of A-label'));
  const readable = own.filter(({ schema }) => refusalOf(schema) === undefined);

  test('each value is judged as the suite has it', () => {
    const wrong = readable.flatMap(({ description, schema, tests }) => {
      const node = read(schema);
      const bad = tests.filter(({ data, valid }) => (checkValue(node, data).faults.length === 0) !== valid);
      return bad.map((each) => `${description}: ${each.description}`);
    });
    expect(wrong).toEqual([]);
    expect(readable.reduce((sum, { tests }) => sum + tests.length, 0)).toBe(CLAIMED[file]);
  });

  test('what is not claimed beside it is refused by name', () => {
    const refusals = own.flatMap(({ schema }) => refusalOf(schema) ?? []);
    for (const refusal of refusals) {
      expect(refusal).toMatch(
        /^(\$id|allOf|prefixItems|patternProperties|propertyNames|dependentSchemas|unevaluatedProperties) is not supported$|^additionalProperties must be true or false|^enum must be a list of values$|^\$ref must refer to a place in the same schema/,
      );
    }
  });

  test('a schema is translated, or refused with a place and a reason', () => {
    for (const { schema } of readable) {
      try {
        expect(toStructured(read(schema))).toMatchObject({
          type: 'object',
          required: ['value'],
          additionalProperties: false,
        });
      } catch (error) {
        expect(error).toBeInstanceOf(SchemaFault);
        expect((error as SchemaFault).message).toMatch(
          /^(must say what|must not be false|must hold|is not supported beside)/,
        );
      }
    }
  });
});

test.each(Object.entries(REFUSED))('%s is refused by name', (file, reason) => {
  const own = groups.filter((group) => group.file === file);
  expect(own.length).toBeGreaterThan(0);
  for (const { schema } of own) expect(refusalOf(schema)).toMatch(reason);
});
