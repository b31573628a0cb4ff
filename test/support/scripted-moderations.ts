import type { Moderation, ModerationCreateResponse } from 'openai/resources/moderations';
import type { Exchange } from './scripted-exchange.ts';

const categories = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
] as const satisfies readonly (keyof Moderation.Categories)[];

/**
 * The reply of `POST /v1/moderations`: one result for each text, or one for all parts of a multi-modal input. It bears
 * no usage, for OpenAI does not bill it.
 */
export function moderationsBody({ request }: Exchange, flagged: boolean): ModerationCreateResponse {
  const { input, model = 'omni-moderation-latest' } = request.body;
  const texts = Array.isArray(input) && typeof input[0] === 'string' ? input : [input];
  const result: Moderation = {
    flagged,
    categories: { ...each(false), violence: flagged },
    category_scores: { ...each(0.0001), violence: flagged ? 0.98 : 0.0001 },
    category_applied_input_types: each<['text']>(['text']),
  };
  return { id: `modr-${request.requestId}`, model, results: texts.map(() => result) };
}

function each<Value>(value: Value): Record<(typeof categories)[number], Value> {
  return Object.fromEntries(categories.map((category) => [category, value])) as ReturnType<typeof each<Value>>;
}
