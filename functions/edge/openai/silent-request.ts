import type { JsonObject, PassApi, PassRequest } from '#protocol/request.ts';

/** A request to an API that writes nothing: no output limit, no stream, no tier, nothing stored. */
export function silentRequest(api: PassApi, model: string, body: JsonObject): PassRequest {
  return {
    kind: 'pass',
    api,
    model,
    body,
    isStream: false,
    wantsUsage: false,
    maxOutputTokens: 0,
    choices: 1,
    serviceTier: 'default',
    promptCacheTtl: '30m',
    refersToStored: false,
  };
}
