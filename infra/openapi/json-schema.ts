import * as z from 'zod';

/** A schema as OpenAPI has it: inputs as a caller may write them (fields with a default are optional), outputs as they come back. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Readonly<Record<string, unknown>> {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return document;
}
