import type * as z from 'zod';
import { InvalidRequest } from '#platform/errors.ts';
import { fieldFaults } from './field-faults.ts';

/**
 * An input as its schema makes it, defaults filled in.
 * @throws InvalidRequest that names every field at fault, its limit and the value received
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(fieldFaults(parsed.error, input));
}
