import type { JsonObject, PassRequest } from '#protocol/request.ts';
import { chooseModel } from './choose-model.ts';
import { refuseHostedTools } from './hosted-tools.ts';
import { OUTPUT_LIMITS, readOutputLimit } from './output-limit.ts';
import type { PassOptions } from './pass-options.ts';
import { readPromptCacheTtl } from './prompt-cache-ttl.ts';
import { readContent } from './read-content.ts';
import { readFlag, readText, without } from './read-member.ts';
import { readStore } from './read-store.ts';
import { refuseOutsideHelp } from './refuse-outside-help.ts';
import { readServiceTier } from './service-tier.ts';
import { refuseAudio } from './unpriced-parts.ts';

/** OpenAI's own limit of the field. */
const MAX_SAFETY_IDENTIFIER_CHARS = 128;

/** What Chat Completions and Responses have in common: a model that writes, and all that bounds what it costs. */
export function readWritingRequest(
  api: keyof typeof OUTPUT_LIMITS,
  given: JsonObject,
  options: PassOptions,
): PassRequest {
  const { limits, policy, nowMs } = options;
  const model = chooseModel(given, options, options.policy?.defaultModel);
  const limit = readOutputLimit(given, api, limits);
  const isStream = readFlag(given, 'stream');
  const serviceTier = readServiceTier(given, { model, at: nowMs });
  const store = readStore(given, policy);
  readText(given, 'safety_identifier', MAX_SAFETY_IDENTIFIER_CHARS);
  refuseHostedTools(given);
  refuseOutsideHelp(given, nowMs);
  refuseAudio(given);
  const { body, refersToStored, promptCacheTtl } = readContent(given, policy);
  return {
    kind: 'pass',
    api,
    model,
    body: { ...without(body, ['model', ...OUTPUT_LIMITS[api].names]), service_tier: serviceTier, store },
    isStream,
    wantsUsage: false,
    ...limit,
    choices: 1,
    serviceTier,
    promptCacheTtl: readPromptCacheTtl(given) === '12h' ? '12h' : promptCacheTtl,
    refersToStored,
  };
}
