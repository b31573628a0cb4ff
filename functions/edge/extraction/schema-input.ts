import * as z from 'zod';
import { withinMatchingTime } from './patterns.ts';
import { pieceSchema } from './piece-schema.ts';
import { readSchema } from './read-schema.ts';
import { SchemaFault } from './schema-fault.ts';
import { toStructured } from './to-structured.ts';

/** Every piece of a long text is sent with the schema, and paid for with it. */
const MAX_SCHEMA_CHARS = 32_000;

/** A caller's JSON Schema that can be asked of a model: what cannot is refused by its name, with its place. */
export const schemaInput = z
  .record(z.string(), z.unknown())
  .check((context) => {
    const refuse = (message: string, path: readonly PropertyKey[] = []) =>
      void context.issues.push({ code: 'custom', path: [...path], message, input: undefined });
    const { length } = JSON.stringify(context.value);
    if (length > MAX_SCHEMA_CHARS) {
      return refuse(`must be at most 32,000 characters of JSON, but ${length.toLocaleString('en-US')} were provided`);
    }
    try {
      // A pattern may be slow on nothing at all, or on the values of an enum beside it.
      withinMatchingTime(() => {
        const root = readSchema(context.value);
        toStructured(root);
        toStructured(pieceSchema(root));
      });
    } catch (error) {
      if (!(error instanceof SchemaFault)) throw error;
      refuse(error.message, error.path);
    }
  })
  .describe('A JSON Schema (draft 2020-12): the part of it that OpenAI’s structured outputs can promise.');
