import * as z from 'zod';
import { callerSchema } from '#edge/callers/caller-reply.ts';
import { callerChange, callerId, checkWish } from '#edge/callers/caller-wish.ts';
import { changeManagedCaller } from '#edge/callers/manage-callers.ts';
import { askingOf, showCaller } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

/** Changes a caller. API Gateway may go by what it knew for 60 s more: the authorizer's cache. */
export const { handler, spec } = defineRoute({
  summary: 'Change a caller; it holds within 60 s.',
  method: 'PUT',
  path: '/v1/callers/{id}',
  access: ['administrator'],
  query: z.strictObject({ id: callerId }),
  body: callerChange,
  output: callerSchema,
  writes: ['callers', 'budgets', 'audit'],
  usageKeys: 'makes',
  catalog: true,
  timeoutMs: 28_000,
  async handle({ id, body }, platform, call) {
    await checkWish(body, platform);
    return { json: await showCaller(await changeManagedCaller(id, body, askingOf(call), platform), platform) };
  },
});
