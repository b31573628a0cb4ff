import * as z from 'zod';
import { callerSchema } from '#edge/callers/caller-reply.ts';
import { callerId } from '#edge/callers/caller-wish.ts';
import { findManagedCaller } from '#edge/callers/manage-callers.ts';
import { showCaller } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

/** One caller. No route ever shows a key again. */
export const { handler, spec } = defineRoute({
  summary: 'A caller: state, endpoints, limits and keys by their ids.',
  method: 'GET',
  path: '/v1/callers/{id}',
  access: ['administrator'],
  query: z.strictObject({ id: callerId }),
  output: callerSchema,
  reads: ['callers', 'budgets'],
  async handle({ id }, platform) {
    return { json: await showCaller(await findManagedCaller(id, platform), platform) };
  },
});
