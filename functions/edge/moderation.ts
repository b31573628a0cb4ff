import { moderation } from './models.ts';
import { OutputInvalid } from '#platform/errors.ts';
import type { CallEvent } from '#protocol/events.ts';
import type { PassRequest } from '#protocol/request.ts';

/** The verdict on one text. */
export interface Moderation {
  readonly flagged: boolean;
  /** The categories in which it is flagged, in OpenAI's words: `violence`, `self-harm/intent`, … */
  readonly categories: string[];
  /** How much each category fits, from 0 to 1. */
  readonly scores: Record<string, number>;
}

interface LooseResult {
  readonly flagged?: unknown;
  readonly categories?: Readonly<Record<string, unknown>>;
  readonly category_scores?: Record<string, number>;
}

/** The request that has texts judged (https://platform.openai.com/docs/api-reference/moderations). */
export function toModerationRequest(texts: readonly string[]): PassRequest {
  return {
    kind: 'pass',
    api: 'moderations',
    model: moderation.model,
    body: { input: texts },
    isStream: false,
    wantsUsage: false,
    maxOutputTokens: 0,
    choices: 1,
    serviceTier: 'default',
    promptCacheTtl: '30m',
    refersToStored: false,
    isOurs: true,
  };
}

/** The verdicts, one a text. @throws OutputInvalid for anything else */
export function readModerations(events: readonly CallEvent[], count: number): Moderation[] {
  const text = events.map((event) => (event.type === 'body' ? event.text : '')).join('');
  const { results } = JSON.parse(text) as { readonly results: readonly LooseResult[] };
  if (results.length !== count || results.some(({ flagged }) => typeof flagged !== 'boolean')) {
    throw new OutputInvalid('the moderation did not judge each text');
  }
  return results.map(({ flagged, categories = {}, category_scores: scores = {} }) => ({
    flagged: flagged === true,
    categories: Object.keys(categories).filter((name) => categories[name] === true),
    scores,
  }));
}
