import * as z from 'zod';
import { callerSchema } from '#edge/callers/caller-reply.ts';
import { callerId } from '#edge/callers/caller-wish.ts';
import { managedCallers } from '#edge/callers/manage-callers.ts';
import { showCaller } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';
import { MOST_CHARS_A_PART, nextPart, partLimit } from '#edge/parts.ts';

/** The callers that were made by `POST /v1/callers`, those too that are disabled or revoked, by their ids. */
export const { handler, spec } = defineRoute({
  summary: 'All callers: state, endpoints, limits and keys by their ids.',
  method: 'GET',
  path: '/v1/callers',
  access: ['administrator'],
  query: z.strictObject({
    limit: partLimit,
    next: callerId.optional().describe('The `next` of the reply before.'),
  }),
  output: z.strictObject({
    callers: z.array(callerSchema),
    next: nextPart,
  }),
  reads: ['callers', 'budgets'],
  timeoutMs: 28_000,
  async handle({ limit, next = '' }, platform) {
    const callers: z.input<typeof callerSchema>[] = [];
    let chars = 0;
    for await (const some of managedCallers(next, platform)) {
      for (const caller of await Promise.all(some.map((each) => showCaller(each, platform)))) {
        const last = callers.at(-1);
        chars += JSON.stringify(caller).length;
        if (last && (callers.length === Number(limit) || chars > MOST_CHARS_A_PART))
          return { json: { callers, next: last.id } };
        callers.push(caller);
      }
    }
    return { json: { callers } };
  },
});
