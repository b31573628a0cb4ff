import type { PassRequest } from '#protocol/request.ts';

/**
 * The JSON that is sent for a request that is passed on: the caller's, with model and output limit as they were decided. Where
 * the caller names no end user, the caller itself stands for it, as everywhere in Weir.
 */
export function toPassBody(request: PassRequest, safetyIdentifier: string): string {
  const { body, model, outputLimitName, maxOutputTokens } = request;
  const isWritten = outputLimitName !== undefined;
  return JSON.stringify({
    ...body,
    model,
    ...(isWritten && { [outputLimitName]: maxOutputTokens }),
    ...(isWritten && body['safety_identifier'] === undefined && { safety_identifier: safetyIdentifier }),
  });
}
