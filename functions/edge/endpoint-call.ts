import type * as z from 'zod';
import type { Ask, AskOptions } from '#call/call.ts';
import { collect } from '#protocol/events.ts';
import type { JsonSchema, RespondRequest } from '#protocol/request.ts';
import { checkedOutput, notRefused, parseJson, usable } from './check-output.ts';
import type { Asking, EndpointCall, Question, Written } from './endpoint-definition.ts';
import { jsonSchemaOf, toRespondRequest } from './model-request.ts';
import type { ModelTier } from './models.ts';
import { readModerations, toModerationRequest } from './moderation.ts';
import { shownWays, type Ways } from './ways.ts';

/** What a question falls back on. */
interface Defaults {
  readonly model: ModelTier;
  readonly limits: { readonly maxOutputTokens: number };
}

/** An endpoint's ways upstream, for one call. */
export function endpointCall(ask: Ask, defaults: Defaults, ways: Ways): EndpointCall {
  const requestOf = (asking: Asking, schema?: JsonSchema) => {
    const { model = defaults.model, maxOutputTokens = defaults.limits.maxOutputTokens } = asking;
    return toRespondRequest(asking, model, maxOutputTokens, schema);
  };
  const answerTo = async (asking: Asking, request: RespondRequest, together?: readonly RespondRequest[]) => {
    const options = optionsOf(asking, asking.model ?? defaults.model, ways);
    return collect(await ask(request, { ...options, ...(together && { together }) }));
  };
  return heard({
    async respond<Output extends z.ZodType>(question: Question<Output>): Promise<z.output<Output>> {
      const { text } = usable(await answerTo(question, requestOf(question, jsonSchemaOf(question.output))));
      return checkedOutput(question.output, parseJson(text));
    },
    async fill(question) {
      return parseJson(usable(await answerTo(question, requestOf(question, question.schema))).text);
    },
    async fillAll(questions) {
      const together = questions.map((question) => requestOf(question, question.schema));
      const answers = together.map(async (request, index) => {
        const answer = await answerTo(questions[index] as Asking, request, together);
        return parseJson(usable(answer).text);
      });
      return Promise.all(answers);
    },
    async write(question) {
      const { text, finish } = notRefused(await answerTo(question, requestOf(question)));
      return { text, finish: finish as Written['finish'] };
    },
    async embed({ texts, dimensions }) {
      const { model, fallbacks } = defaults.model;
      const request = { kind: 'embed' as const, model, texts, ...(dimensions !== undefined && { dimensions }) };
      const { vectors } = await collect(await ask(request, { fallbackModels: fallbacks }));
      return vectors as number[][];
    },
    async moderate(texts) {
      return readModerations(await ask(toModerationRequest(texts), { fallbackModels: [] }), texts.length);
    },
  });
}

function optionsOf(asking: Asking, model: ModelTier, ways: Ways): AskOptions {
  const { isAgain = false, isShown = false, stopWhen, withinMs, keepSeconds } = asking;
  return {
    fallbackModels: model.fallbacks,
    isAgain,
    ...(withinMs !== undefined && { withinMs }),
    ...(keepSeconds !== undefined && { keeping: { ttlSeconds: keepSeconds, shared: false } }),
    ...shownWays(isShown ? ways : {}, stopWhen),
  };
}

/** A question that nobody awaits any more, for another failed first, is ended and rejects: unheard, that would end the process. */
function heard(call: EndpointCall): EndpointCall {
  const hear = <Result>(work: Promise<Result>): Promise<Result> => {
    work.catch(() => undefined);
    return work;
  };
  return {
    respond: (question) => hear(call.respond(question)),
    fill: (question) => hear(call.fill(question)),
    fillAll: (questions) => hear(call.fillAll(questions)),
    write: (question) => hear(call.write(question)),
    embed: (request) => hear(call.embed(request)),
    moderate: (texts) => hear(call.moderate(texts)),
  };
}
