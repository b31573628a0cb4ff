import type { CallerPolicy } from '#platform/principal.ts';
import { isJsonObject } from '#protocol/pass-content.ts';
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
  if (isStored(part)) {
    refuseStored(place, policy);
    return true;
  }
  if (type === 'input_file' || type === 'file') {
    refusePrivateFile(part, place);
    return true;
  }
  return STANDS_FOR_MORE.has(type);
}

/**
 * Whether a part names something that OpenAI keeps: another's too, where callers share a project and one has learned its id.
 * Thinking without its (encrypted) content is looked up by its id.
 */
function isStored(part: JsonObject): boolean {
  const { type, file } = part;
  if (type === 'item_reference') return true;
  if (type === 'reasoning') return typeof part['encrypted_content'] !== 'string' || part['encrypted_content'] === '';
  const ids = [part['file_id'], isJsonObject(file) ? file['file_id'] : undefined];
  return ids.some((id) => id !== undefined && id !== null);
}

/** Refuses to go on from something that OpenAI keeps, where the caller's policy does not allow it. @throws InvalidRequest */
export function refuseStored(place: string, policy: CallerPolicy | undefined): void {
  if (policy?.mayStore === true) return;
  const instead = 'send what came before in the input, with store: false';
  refuse(place, `is not allowed: ${KEEPS_NOTHING}, nor go on from kept ones; ${instead}`);
}

function refusePrivateFile(part: JsonObject, place: string): void {
  const { file } = part;
  for (const url of [part['file_url'], isJsonObject(file) ? file['file_url'] : undefined]) {
    if (url === undefined || url === null) continue;
    const fault = typeof url === 'string' ? publicUrlFault(url) : 'must be a text';
    if (fault !== undefined) refuse(`${place}.file_url`, fault);
  }
}
