import * as z from 'zod';
import { readCallerBudget } from '#edge/callers/caller-budget.ts';
import { keySchema } from '#edge/callers/caller-reply.ts';
import { callerId, checkEnd, rotation } from '#edge/callers/caller-wish.ts';
import { rotateManagedCaller } from '#edge/callers/manage-callers.ts';
import { askingOf, showKey } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

/** A new key for a caller: the older ones work on for the overlap, and at most 60 s longer, the authorizer's cache. */
export const { handler, spec } = defineRoute({
  summary: 'Make a new key for a caller; the older ones end after an overlap.',
  method: 'POST',
  path: '/v1/callers/{id}/keys',
  access: ['administrator'],
  query: z.strictObject({ id: callerId }),
  body: rotation,
  output: keySchema,
  status: 201,
  reads: ['budgets'],
  writes: ['callers', 'audit'],
  async handle({ id, body }, platform, call) {
    checkEnd(body.expiresAt, platform);
    // Whatever may fail comes before the older keys end: a reply that is not given shows no key.
    const budget = await readCallerBudget(id, platform);
    const made = await rotateManagedCaller(id, body, askingOf(call), platform);
    return { json: await showKey(made, platform, budget), headers: { location: `keys/${made.keyId}` } };
  },
});
