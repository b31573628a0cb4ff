import type { CallerPolicy } from '#platform/principal.ts';
import type { JsonObject } from '#protocol/request.ts';
import { publicUrlFault } from '../image-url.ts';
import { KEEPS_NOTHING } from './read-store.ts';
import { refuse } from './refuse.ts';

/** Items of a conversation that stand for more than they say: what a hosted tool found, or what OpenAI has put together. */
const STANDS_FOR_MORE = new Set<unknown>([
  'compaction',
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
]);

/**
 * Whether a part of the content, or an item of a conversation, is input that cannot be counted here (I8): a file, or
 * something that OpenAI has stored.
 *
 * @throws InvalidRequest for a stored item that the caller's policy does not allow, and for a file from a private address
 */
export function isUncounted(part: JsonObject, place: string, policy: CallerPolicy | undefined): boolean {
  const { type } = part;
  if (type === 'input_file' || type === 'file') {
    refusePrivateFile(part, place);
    return true;
  }
  if (type === 'input_image') return typeof part['file_id'] === 'string';
  if (type === 'item_reference') {
    refuseStored(place, policy);
    return true;
  }
  // Thinking without its (encrypted) content is looked up by its id.
  if (type === 'reasoning') return typeof part['encrypted_content'] !== 'string';
  return STANDS_FOR_MORE.has(type);
}

/** Refuses to go on from something that OpenAI keeps, where the caller's policy does not allow it. @throws InvalidRequest */
export function refuseStored(place: string, policy: CallerPolicy | undefined): void {
  if (policy?.mayStore === true) return;
  const instead = 'send what came before in the input, with store: false';
  refuse(place, `is not allowed: ${KEEPS_NOTHING}, nor go on from kept ones; ${instead}`);
}

function refusePrivateFile(part: JsonObject, place: string): void {
  const url = part['file_url'];
  const fault = typeof url === 'string' ? publicUrlFault(url) : undefined;
  if (fault !== undefined) refuse(`${place}.file_url`, fault);
}
