import * as z from 'zod';
import { callerSchema } from '#edge/callers/caller-reply.ts';
import { callerId } from '#edge/callers/caller-wish.ts';
import { managedCallers } from '#edge/callers/manage-callers.ts';
import { showCaller } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

const MOST_CALLERS = 1_000;
const MOST_CHARS = 1_000_000;

/** The callers that were made by `POST /v1/callers`, those too that are disabled or revoked, by their ids. */
export const { handler, spec } = defineRoute({
  summary: 'All callers: state, endpoints, limits and keys by their ids.',
  method: 'GET',
  path: '/v1/callers',
  access: ['administrator'],
  query: z.strictObject({
    limit: z
      .string()
      .regex(/^([1-9]\d{0,2}|1000)$/, `must be a whole number from 1 to ${MOST_CALLERS}`)
      .default('200')
      .describe(`At most so many at once, and of the largest fewer; up to ${MOST_CALLERS}.`),
    next: callerId.optional().describe('The `next` of the reply before.'),
  }),
  output: z.strictObject({
    callers: z.array(callerSchema),
    next: z.string().optional().describe('There is more: ask again with it. Absent: these were the last.'),
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
        if (last && (callers.length === Number(limit) || chars > MOST_CHARS))
          return { json: { callers, next: last.id } };
        callers.push(caller);
      }
    }
    return { json: { callers } };
  },
});
