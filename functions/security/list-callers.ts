import * as z from 'zod';
import { callerSchema } from '#edge/callers/caller-reply.ts';
import { listManagedCallers } from '#edge/callers/manage-callers.ts';
import { showCaller } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

const SHOWN_AT_ONCE = 25;

/** All callers that were made by `POST /v1/callers`, those too that are disabled or revoked. */
export const { handler, spec } = defineRoute({
  summary: 'All callers: state, endpoints, limits and keys by their ids.',
  method: 'GET',
  path: '/v1/callers',
  access: ['administrator'],
  query: z.strictObject({}),
  output: z.strictObject({ callers: z.array(callerSchema) }),
  reads: ['callers', 'budgets'],
  timeoutMs: 28_000,
  async handle(_query, platform) {
    const all = await listManagedCallers(platform);
    const callers: z.input<typeof callerSchema>[] = [];
    for (let at = 0; at < all.length; at += SHOWN_AT_ONCE) {
      callers.push(...(await Promise.all(all.slice(at, at + SHOWN_AT_ONCE).map((each) => showCaller(each, platform)))));
    }
    return { json: { callers } };
  },
});
