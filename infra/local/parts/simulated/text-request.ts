import * as z from 'zod';
import type { Ask } from '../simulated-answers.ts';
import type { JsonSchema } from './schema-parts.ts';
import { toolboxOf, type WrittenChoice } from './tools.ts';

/** What a request asks for, and how its answer is to be wrapped. */
export interface TextRequest {
  ask: Ask;
  model: string;
  /** The tier that the reply names: what was asked for, or `default`. */
  tier: string;
  isStream: boolean;
  /** Chat only: whether a stream ends with the usage. */
  wantsUsage: boolean;
  /** Chat only: how many answers. */
  choices: number;
  /** Responses only: members of the request that stand in the reply too. */
  echoed: object;
}

/** A JSON Schema, as far as it is looked at here. */
export const schema = z.custom<JsonSchema>((value) => typeof value === 'object' && value !== null);
export const limit = z.int().min(1).nullish();
export const tier = z.string().nullish();

/** Texts and images; of the images nothing is seen. */
export const content = z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).nullish();

const named = z.looseObject({
  type: z.string().optional(),
  name: z.string().optional(),
  description: z.string().nullish(),
  parameters: schema.nullish(),
});
const tool = named.extend({ function: named.optional() });
export const tools = z.array(tool).nullish();

const allowed = { mode: z.string().optional(), tools: z.array(tool).optional() };
export const toolChoice = z
  .union([
    z.string(),
    z.looseObject({
      type: z.string().optional(),
      name: z.string().optional(),
      function: z.looseObject({ name: z.string().optional() }).optional(),
      allowed_tools: z.looseObject(allowed).optional(),
      ...allowed,
    }),
  ])
  .nullish();

/** A part of a conversation, in the order in which it was said. A tool's result has the role `tool`. */
export interface Turn {
  role: string;
  text: string;
}

/** What shapes an answer, whichever API names it how. */
export interface Wanted {
  /** The type of the form: `text`, `json_object`, `json_schema`. */
  form?: string | undefined;
  schema?: JsonSchema | undefined;
  tools?: z.infer<typeof tools>;
  choice?: WrittenChoice | null | undefined;
  maxOutputTokens?: number | null | undefined;
}

/** The last user message is what the answer is made of; of the rest, the tools' results since then. */
export function toAsk(turns: readonly Turn[], wanted: Wanted): Ask {
  const at = turns.findLastIndex(({ role }) => role === 'user');
  const results = turns.slice(at + 1).filter(({ role }) => role === 'tool');
  const around = turns.filter((turn, i) => i !== at && !results.includes(turn));
  const offered = wanted.tools ?? [];
  const form =
    wanted.form === 'json_schema'
      ? wanted.schema
      : wanted.form === 'json_object'
        ? { type: 'object', required: ['answer'] }
        : undefined;
  return {
    instructions: around.map(({ text }) => text).join('\n'),
    text: turns[at]?.text ?? '',
    read: turns.map(({ text }) => text).join('') + (offered.length > 0 ? JSON.stringify(offered) : ''),
    toolbox: toolboxOf(
      offered,
      wanted.choice,
      results.map(({ text }) => text),
    ),
    ...(form && { schema: form }),
    ...(wanted.maxOutputTokens && { maxOutputTokens: wanted.maxOutputTokens }),
  };
}

/** The words of a message. */
export function textOf(written: z.infer<typeof content>): string {
  if (typeof written === 'string') return written;
  return (written ?? []).flatMap((part) => part.text ?? []).join('\n');
}

/** `auto`, and what is not said, is served as `default`. */
export function servedTier(asked: string | null | undefined): string {
  return asked && asked !== 'auto' ? asked : 'default';
}
