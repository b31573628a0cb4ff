import { upperBound } from '#pricing/upper-bound.ts';
import { isJsonObject } from '#protocol/pass-content.ts';
import type { JsonObject } from '#protocol/request.ts';
import { showValue } from '../shown.ts';
import { readFlag, readObject } from './read-member.ts';
import { refuse } from './refuse.ts';

/** Members that bring in what nobody here can bound, where they say anything at all; and why. */
const UNBOUNDED: Readonly<Record<string, string>> = {
  prediction: 'those of its tokens that are rejected are billed as output, which no limit of output bounds',
  web_search_options: 'what a search costs cannot be bounded',
  prompt: 'the tools and the model of a stored prompt are not known here, so its cost cannot be bounded',
};

/**
 * Refuses what makes a request cost more than its tokens and its output limit say: searches, stored prompts, work that goes
 * on after the reply, input that is read several times, several answers thought out at once.
 *
 * @throws InvalidRequest with the reason
 */
export function refuseOutsideHelp(body: JsonObject, nowMs: number): void {
  for (const [name, reason] of Object.entries(UNBOUNDED)) {
    if ((body[name] ?? undefined) !== undefined) refuse(name, `is not allowed: ${reason}`);
  }
  if (readFlag(body, 'background')) {
    refuse('background', 'must be false: the cost of work that goes on after the reply could not be held');
  }
  const management = body['context_management'] ?? [];
  if (!Array.isArray(management) || management.length > 0) {
    refuse('context_management', 'is not allowed: how often the input is read again cannot be bounded');
  }
  refuseReasoningMode(body['reasoning']);
  refuseUnpricedModerator(body, nowMs);
}

/** `pro` and what may come: its cost is not in the price book. */
function refuseReasoningMode(reasoning: unknown): void {
  const mode = isJsonObject(reasoning) ? (reasoning['mode'] ?? 'standard') : 'standard';
  if (mode !== 'standard') refuse('reasoning.mode', `must be standard: what ${showValue(mode)} costs is not known`);
}

/** A request may have its input and output moderated, which must cost nothing: nobody holds anything for it. */
function refuseUnpricedModerator(body: JsonObject, nowMs: number): void {
  const model = readObject(body, 'moderation')?.['model'] ?? undefined;
  if (model === undefined || (typeof model === 'string' && isFree(model, nowMs))) return;
  refuse('moderation.model', `must be free, but ${showValue(model)} is not`);
}

function isFree(model: string, at: number): boolean {
  const bound = upperBound({ model, inputTokens: 1_000_000, maxOutputTokens: 0, at });
  return bound.priced && bound.pico === 0n;
}
