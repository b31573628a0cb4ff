import type { CallerPolicy } from '#platform/principal.ts';
import type { JsonObject } from '#protocol/request.ts';
import { readFlag } from './read-member.ts';
import { refuse } from './refuse.ts';

/**
 * Whether OpenAI may keep the answer. Always sent, for OpenAI's own default keeps it.
 * @throws InvalidRequest where it is asked against the caller's policy
 */
export function readStore(body: JsonObject, policy: CallerPolicy | undefined): boolean {
  const store = readFlag(body, 'store');
  if (store && policy?.mayStore !== true) refuse('store', `must be false: ${KEEPS_NOTHING}`);
  return store;
}

/** Why a caller may neither store nor go on from what was stored. */
export const KEEPS_NOTHING = "this caller's policy does not let OpenAI keep its answers";
