import * as z from 'zod';
import type { Ask, Work } from '#call/call.ts';
import { OutputInvalid, OutputRefused } from '#platform/errors.ts';
import { collect, type Answer, type Listener } from '#protocol/events.ts';
import type { InputItem, JsonSchema, RespondRequest } from '#protocol/request.ts';
import type { NewGate } from '#protocol/text-gate.ts';
import type { EndpointCall, EndpointDefinition, Prompt, Question } from './endpoint-definition.ts';
import type { ModelTier } from './models.ts';
import { inARow } from './stop-when/gates.ts';

/** How one call's answer goes to its caller. */
export interface Ways {
  /** Hears what the model writes while it does. */
  readonly listener?: Listener;
  /** The caller's own condition of having enough. */
  readonly newGate?: NewGate;
}

/** What a definition does with one validated input, as work for the money path. Its output is checked before it is anyone's. */
export function endpointWork<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
  input: z.output<Input>,
  ways: Ways = {},
): Work<z.output<Output>> {
  return async (ask) => {
    if (definition.run)
      return checked(definition.output, await definition.run(input, heard(endpointCall(ask, definition, ways))));
    const { fromText, model, limits, stopWhen } = definition;
    const format = fromText ? undefined : definition.output;
    const request = toRequest(definition.prompt(input), model, limits.maxOutputTokens, format);
    const shown = shownWays(ways, stopWhen && (() => stopWhen(input)));
    const { text } = usable(await collect(await ask(request, { fallbackModels: model.fallbacks, ...shown })));
    return checked(definition.output, fromText ? fromText(text) : parseJson(text));
  };
}

/** An answer that is shown passes the endpoint's own condition first, and then the caller's. */
function shownWays({ listener, newGate }: Ways, own: NewGate | undefined): Ways {
  const gate = own && newGate ? () => inARow([own(), newGate()]) : (own ?? newGate);
  return { ...(listener && { listener }), ...(gate && { newGate: gate }) };
}

function endpointCall(
  ask: Ask,
  definition: { readonly model: ModelTier; readonly limits: { readonly maxOutputTokens: number } },
  ways: Ways,
): EndpointCall {
  return {
    async respond<Output extends z.ZodType>(question: Question<Output>): Promise<z.output<Output>> {
      const { model = definition.model, maxOutputTokens = definition.limits.maxOutputTokens } = question;
      const { output, isAgain = false, isShown = false, stopWhen } = question;
      const request = toRequest(question, model, maxOutputTokens, output);
      const shown = shownWays(isShown ? ways : {}, stopWhen);
      const answer = usable(await collect(await ask(request, { fallbackModels: model.fallbacks, isAgain, ...shown })));
      return checked(output, parseJson(answer.text));
    },
    async embed({ texts, dimensions }) {
      const { model, fallbacks } = definition.model;
      const request = { kind: 'embed' as const, model, texts, ...(dimensions !== undefined && { dimensions }) };
      const { vectors } = await collect(await ask(request, { fallbackModels: fallbacks }));
      return vectors as number[][];
    },
  };
}

/** A question that nobody awaits any more, for another failed first, is ended and rejects: unheard, that would end the process. */
function heard(call: EndpointCall): EndpointCall {
  const hear = <Result>(work: Promise<Result>): Promise<Result> => {
    work.catch(() => undefined);
    return work;
  };
  return { respond: (question) => hear(call.respond(question)), embed: (texts) => hear(call.embed(texts)) };
}

function toRequest(
  { instructions, input }: Prompt,
  tier: ModelTier,
  maxOutputTokens: number,
  format: z.ZodType | undefined,
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
    ...(format && { format: { name: 'answer', schema: jsonSchemaOf(format) } }),
  };
}

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();

/** Made at the first use: most of a cold start does not need it. */
function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  let jsonSchema = jsonSchemas.get(schema);
  if (!jsonSchema) jsonSchemas.set(schema, (jsonSchema = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema));
  return jsonSchema;
}

/** @throws OutputRefused, OutputInvalid for an answer that is not whole */
function usable(answer: Answer): Answer {
  if (answer.finish === 'refusal') throw new OutputRefused('the model declined to answer');
  if (answer.finish === 'content-filter') throw new OutputRefused('the answer was cut by the content filter');
  if (answer.finish === 'length')
    throw new OutputInvalid('the answer was cut at the output limit', { reason: 'length' });
  return answer;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new OutputInvalid('the model did not answer in JSON');
  }
}

function checked<Output extends z.ZodType>(schema: Output, value: unknown): z.output<Output> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Places only: the values are the model's, and may repeat the prompt.
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'output');
  throw new OutputInvalid('the answer does not fit the output schema', { fields });
}
