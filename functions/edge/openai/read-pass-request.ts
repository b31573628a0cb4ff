import { isJsonObject } from '#protocol/pass-content.ts';
import type { JsonObject, PassApi, PassRequest } from '#protocol/request.ts';
import { readChatRequest } from './chat-request.ts';
import { readEmbeddingsRequest } from './embeddings-request.ts';
import { readModerationsRequest } from './moderations-request.ts';
import type { PassOptions } from './pass-options.ts';
import { refuseEscapes } from './refuse-escapes.ts';
import { refuseValue } from './refuse.ts';
import { readResponsesRequest } from './responses-request.ts';

const READERS: Readonly<Record<PassApi, (body: JsonObject, options: PassOptions) => PassRequest>> = {
  'chat/completions': readChatRequest,
  responses: readResponsesRequest,
  embeddings: readEmbeddingsRequest,
  moderations: readModerationsRequest,
};

/**
 * A caller's request to one of OpenAI's APIs. Read is only what bounds its cost, and what would escape control; every other
 * member, known or not, passes as it is. `body` is what will be sent, without the model and the output limit, which are put
 * in when it is. The input is not changed.
 *
 * @throws InvalidRequest (400) that names the field, the rule and the value; ModelNotAllowed (403); ModelNotPriced (400)
 */
export function readPassRequest(api: PassApi, input: unknown, options: PassOptions): PassRequest {
  if (!isJsonObject(input)) return refuseValue('body', 'be an object', input);
  refuseEscapes(input);
  return READERS[api](input, options);
}
