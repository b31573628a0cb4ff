import type * as z from 'zod';
import type { EndpointCall, EndpointDefinition } from './endpoint-definition.ts';
import type { ModelTier } from './models.ts';

/** An endpoint bound to be tried: another model answers its questions, and the ledger can tell these calls from others. */
export interface Trial {
  /** Answers every question of the endpoint for text or JSON, whichever tier it names. */
  readonly model: ModelTier;
  /** Stand in the ledger entry of each call. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The definition, answered by the model on trial. Its schemas, limits, prompts and checks are as they were. */
export function onTrial<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
  { model }: Trial,
): EndpointDefinition<Input, Output> {
  if (!definition.run) return { ...definition, model };
  const { run } = definition;
  return { ...definition, model, run: (input, call) => run(input, answeredBy(model, call)) };
}

function answeredBy(model: ModelTier, call: EndpointCall): EndpointCall {
  const tried = <Asked extends object>(question: Asked): Asked => ({ ...question, model });
  return {
    ...call,
    respond: (question) => call.respond(tried(question)),
    fill: (question) => call.fill(tried(question)),
    fillAll: (questions) => call.fillAll(questions.map((question) => tried(question))),
    write: (question) => call.write(tried(question)),
  };
}
