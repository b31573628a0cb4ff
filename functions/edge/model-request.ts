import * as z from 'zod';
import type { InputItem, JsonSchema, RespondRequest } from '#protocol/request.ts';
import type { Prompt } from './endpoint-definition.ts';
import type { ModelTier } from './models.ts';

/** A prompt as a request to a model. @param schema of the JSON that it shall answer in; undefined: text */
export function toRespondRequest(
  { instructions, input }: Prompt,
  tier: ModelTier,
  maxOutputTokens: number,
  schema: JsonSchema | undefined,
): RespondRequest {
  const items: readonly InputItem[] =
    typeof input === 'string' ? [{ type: 'message', role: 'user', text: input }] : input;
  return {
    kind: 'respond',
    model: tier.model,
    instructions,
    input: items,
    maxOutputTokens,
    ...(tier.reasoningEffort && { reasoningEffort: tier.reasoningEffort }),
    ...(schema && { format: { name: 'answer', schema } }),
  };
}

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();

/** A schema as JSON Schema. Made at the first use: most of a cold start does not need it. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  let jsonSchema = jsonSchemas.get(schema);
  if (!jsonSchema) jsonSchemas.set(schema, (jsonSchema = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema));
  return jsonSchema;
}
