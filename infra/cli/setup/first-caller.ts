import type { CallerApi, NewKey } from '../callers/caller-api.ts';

/**
 * Makes a caller that may use every endpoint, where there is none at all; or, where a key is wanted in any case, a new one for it if it is
 * there already, beside which the older ones work for a day more.
 *
 * @param isWanted a key is made even if there are callers
 * @returns its key, to be shown this once; or the ids of those who are there
 * @throws CliFailure with what the API says: of two who make the first one at once, one is told that it is there
 */
export async function makeFirstCaller(
  id: string,
  isWanted: boolean,
  api: CallerApi,
): Promise<{ readonly made: NewKey } | { readonly kept: readonly string[] }> {
  const there = (await api.list()).filter(({ state }) => state !== 'revoked').map((caller) => caller.id);
  if (there.length > 0 && !isWanted) return { kept: there };
  return { made: await (there.includes(id) ? api.rotate(id, {}) : api.create({ id, name: 'made by setup' })) };
}
