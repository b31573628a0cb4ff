import { isJsonObject } from '#protocol/pass-content.ts';
import type { JsonObject, PassRequest } from '#protocol/request.ts';
import type { PassOptions } from './pass-options.ts';
import { readObject, readText } from './read-member.ts';
import { refuseValue } from './refuse.ts';
import { refuseStored } from './stored-input.ts';
import { readWritingRequest } from './writing-request.ts';

/** A request to the Responses API. @throws as `readPassRequest` */
export function readResponsesRequest(given: JsonObject, options: PassOptions): PassRequest {
  // Anything but a text would be content that nobody here looks at.
  readText(given, 'instructions');
  const stored = [...storedMembers(given), ...bareReferences(given['input'])];
  for (const place of stored) refuseStored(place, options.policy);
  const request = readWritingRequest('responses', given, options);
  return { ...request, refersToStored: request.refersToStored || stored.length > 0 };
}

/** The members by which a request goes on from what OpenAI has kept, or has itself compared with it. */
function storedMembers(given: JsonObject): string[] {
  const isGiven = (holder: JsonObject | undefined, name: string) => (holder?.[name] ?? undefined) !== undefined;
  const places = ['previous_response_id', 'conversation'].filter((name) => isGiven(given, name));
  const compares = isGiven(readObject(given, 'prompt_cache_options'), 'comparison_response_id');
  return compares ? [...places, 'prompt_cache_options.comparison_response_id'] : places;
}

/** Items that are references without saying so: their type may be left out, and a message has a role. */
function bareReferences(input: unknown): string[] {
  if (input === undefined || input === null || typeof input === 'string') return [];
  if (!Array.isArray(input)) return refuseValue('input', 'be a text or an array', input);
  return (input as unknown[]).flatMap((item, index) =>
    isJsonObject(item) && (item['type'] ?? undefined) === undefined && (item['role'] ?? undefined) === undefined
      ? [`input.${index}`]
      : [],
  );
}
