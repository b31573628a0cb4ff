import * as z from 'zod';
import { keySchema } from '#edge/callers/caller-reply.ts';
import { checkWish, newCaller } from '#edge/callers/caller-wish.ts';
import { assertFree } from '#edge/callers/own-ids.ts';
import { createManagedCaller } from '#edge/callers/manage-callers.ts';
import { askingOf, showKey } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

/** Makes a caller, and shows its first key: this once. */
export const { handler, spec } = defineRoute({
  summary: 'Make a caller; the reply alone shows its key.',
  method: 'POST',
  path: '/v1/callers',
  access: ['administrator'],
  query: z.strictObject({}),
  body: newCaller,
  output: keySchema,
  status: 201,
  example: { body: { id: 'shop', owner: 'sales', endpoints: ['summarize'], budget: { monthlyUsd: '50' } } },
  writes: ['callers', 'budgets', 'audit'],
  usageKeys: 'makes',
  catalog: true,
  timeoutMs: 28_000,
  async handle({ body }, platform, call) {
    assertFree(body.id);
    await checkWish(body, platform);
    const made = await createManagedCaller(body, askingOf(call), platform);
    // Relative to what was asked, for a stage or a domain may stand before it.
    return { json: await showKey(made, platform), headers: { location: `callers/${body.id}` } };
  },
});
