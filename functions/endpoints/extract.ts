import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { extractValue } from '#edge/extraction/extract-value.ts';
import { schemaInput } from '#edge/extraction/schema-input.ts';
import { small } from '#edge/models.ts';

const place = z.strictObject({
  start: z.int().min(0).describe('Offset of its first character, in UTF-16 units as JavaScript and Java count.'),
  end: z.int().min(0).describe('Offset behind its last character.'),
});

/** Extracts what a schema of the caller's own describes. */
export const { handler, spec } = defineEndpoint({
  summary: 'Extract from a text what a JSON Schema of your own describes.',
  input: z.strictObject({
    text: z.string().min(1).max(300_000).describe('The text. A long one is read in pieces, side by side.'),
    schema: schemaInput,
  }),
  output: z.strictObject({
    value: z.unknown().describe('What was found. It fits the schema.'),
    sources: z
      .record(z.string(), place)
      .describe(
        'Where its texts and numbers stand in the text, by JSON pointer. What does not stand there word for word is not listed.',
      ),
  }),
  example: {
    text: 'Invoice 2026-118 of Mill & Sons, 3 October: two sluice gates at 1,240.50 each, one fish ladder at 899.',
    schema: {
      type: 'object',
      properties: {
        number: { type: 'string', description: 'The number of the invoice.' },
        seller: { type: 'string' },
        items: {
          type: 'array',
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, price: { type: 'number', minimum: 0 } },
            required: ['name', 'price'],
          },
        },
        dueDate: { type: 'string', description: 'A day, such as 2026-11-22.' },
      },
      required: ['number', 'items'],
    },
  },
  model: small,
  // A piece's answer is bound by what a small model writes before API Gateway gives up. 300,000 characters may take 1.8 MB of JSON.
  limits: { timeoutMs: 28_000, maxOutputTokens: 4_000, maxBodyBytes: 2_000_000 },
  deterministic: { ttlSeconds: 7 * 86_400 },
  budget: { monthlyUsd: '50' },
  run: ({ text, schema }, call) => extractValue(text, schema, (questions) => call.fillAll(questions)),
});
