import { isJsonObject, isPicture } from '#protocol/pass-content.ts';
import type { JsonObject, PassRequest } from '#protocol/request.ts';
import { chooseModel } from './choose-model.ts';
import { readImage } from './images.ts';
import type { PassOptions } from './pass-options.ts';
import { without } from './read-member.ts';
import { refuse, refuseValue } from './refuse.ts';
import { silentRequest } from './silent-request.ts';

/** OpenAI's own default, which needs no caller's choice: there is but one kind of such models, and it is free. */
const DEFAULT_MODEL = 'omni-moderation-latest';

/** A request to moderate texts and pictures. @throws as `readPassRequest` */
export function readModerationsRequest(given: JsonObject, options: PassOptions): PassRequest {
  const { input } = given;
  if (input === undefined) refuse('input', 'is required (a text or an array)');
  if (typeof input !== 'string' && !Array.isArray(input)) refuseValue('input', 'be a text or an array', input);
  if (Array.isArray(input)) input.forEach(refusePart);
  const model = chooseModel(given, options, DEFAULT_MODEL);
  return silentRequest('moderations', model, without(given, ['model']));
}

/** Pictures have no detail here, and no price, but an address that OpenAI fetches. */
function refusePart(part: unknown, index: number): void {
  const place = `input.${index}`;
  if (typeof part === 'string') return;
  if (!isJsonObject(part)) return refuseValue(place, 'be a text or an object', part);
  if (isPicture(part)) readImage(part, place);
}
