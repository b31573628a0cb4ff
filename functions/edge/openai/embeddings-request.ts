import type { JsonObject, PassRequest } from '#protocol/request.ts';
import { chooseModel } from './choose-model.ts';
import type { PassOptions } from './pass-options.ts';
import { readCount, without } from './read-member.ts';
import { refuse, refuseValue } from './refuse.ts';
import { silentRequest } from './silent-request.ts';

/** OpenAI's own limit. */
const MAX_TEXTS = 2_048;
/** Far beyond any model's: a slip such as 1e9 shall not cost an attempt to find out (I6). */
const MAX_DIMENSIONS = 65_536;
const FORMS = 'be a text, an array of texts, an array of tokens, or an array of such arrays';

/** A request for vectors. @throws as `readPassRequest` */
export function readEmbeddingsRequest(given: JsonObject, options: PassOptions): PassRequest {
  refuseOtherInput(given['input']);
  readCount(given, 'dimensions', 1, MAX_DIMENSIONS);
  const model = chooseModel(given, options, undefined);
  return silentRequest('embeddings', model, without(given, ['model']));
}

/** What is no text and no token would be counted by nobody. */
function refuseOtherInput(input: unknown): void {
  if (input === undefined) refuse('input', 'is required (a text or an array)');
  if (typeof input === 'string') return;
  if (!Array.isArray(input)) return refuseValue('input', FORMS, input);
  if (input.length === 0) refuse('input', 'must have at least 1 item, but 0 items were provided');
  if (input.every(isToken)) return;
  if (input.length > MAX_TEXTS) {
    const given = input.length.toLocaleString('en-US');
    refuse('input', `must have at most ${MAX_TEXTS.toLocaleString('en-US')} items, but ${given} items were provided`);
  }
  const isText = typeof input[0] === 'string';
  const wrong = (input as unknown[]).findIndex((item) => (isText ? typeof item !== 'string' : !isTokens(item)));
  if (wrong >= 0) refuseValue(`input.${wrong}`, isText ? 'be a text' : 'be an array of tokens', input[wrong]);
}

function isTokens(item: unknown): boolean {
  return Array.isArray(item) && item.length > 0 && item.every(isToken);
}

function isToken(item: unknown): boolean {
  return Number.isSafeInteger(item) && (item as number) >= 0;
}
