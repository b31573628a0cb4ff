import type * as z from 'zod';
import type { Ask, Work } from '#call/call.ts';
import { InputFlagged } from '#platform/errors.ts';
import { collect } from '#protocol/events.ts';
import { checkedOutput, parseJson, usable } from './check-output.ts';
import { endpointCall } from './endpoint-call.ts';
import type { EndpointDefinition } from './endpoint-definition.ts';
import { jsonSchemaOf, toRespondRequest } from './model-request.ts';
import { shownWays, type Ways } from './ways.ts';

/** What a definition does with one validated input, as work for the money path. Its output is checked before it is anyone's. */
export function endpointWork<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
  input: z.output<Input>,
  ways: Ways = {},
): Work<z.output<Output>> {
  const work = answering(definition, input, ways);
  const { moderate } = definition;
  if (!moderate) return work;
  return async (ask) => {
    const moderated = refuseFlagged(moderate(input), ask, definition, ways);
    // What is told cannot be taken back.
    if (ways.listener) await moderated;
    const [output] = await Promise.all([work(ask), moderated]);
    return output;
  };
}

function answering<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
  input: z.output<Input>,
  ways: Ways,
): Work<z.output<Output>> {
  return async (ask) => {
    if (definition.run)
      return checkedOutput(definition.output, await definition.run(input, endpointCall(ask, definition, ways)));
    const { fromText, model, limits, stopWhen, output } = definition;
    const schema = fromText ? undefined : jsonSchemaOf(output);
    const request = toRespondRequest(definition.prompt(input), model, limits.maxOutputTokens, schema);
    const shown = shownWays(ways, stopWhen && (() => stopWhen(input)));
    const { text } = usable(await collect(await ask(request, { fallbackModels: model.fallbacks, ...shown })));
    return checkedOutput(output, fromText ? fromText(text) : parseJson(text));
  };
}

/** @throws InputFlagged */
async function refuseFlagged<Input extends z.ZodType, Output extends z.ZodType>(
  texts: readonly string[],
  ask: Ask,
  definition: EndpointDefinition<Input, Output>,
  ways: Ways,
): Promise<void> {
  if (texts.length === 0) return;
  const verdicts = await endpointCall(ask, definition, ways).moderate(texts);
  const categories = new Set(verdicts.flatMap((verdict) => (verdict.flagged ? verdict.categories : [])));
  if (verdicts.some(({ flagged }) => flagged)) throw new InputFlagged([...categories]);
}
