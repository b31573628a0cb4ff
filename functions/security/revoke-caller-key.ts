import * as z from 'zod';
import { callerSchema } from '#edge/callers/caller-reply.ts';
import { callerId } from '#edge/callers/caller-wish.ts';
import { revokeManagedKey } from '#edge/callers/manage-callers.ts';
import { askingOf, showCaller } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

/** Revokes one key of a caller; the others work on. */
export const { handler, spec } = defineRoute({
  summary: 'Revoke one key of a caller; it holds within 60 s.',
  method: 'DELETE',
  path: '/v1/callers/{id}/keys/{keyId}',
  access: ['administrator'],
  query: z.strictObject({ id: callerId, keyId: z.string().max(64) }),
  output: callerSchema,
  reads: ['budgets'],
  writes: ['callers', 'audit'],
  async handle({ id, keyId }, platform, call) {
    return { json: await showCaller(await revokeManagedKey(id, keyId, askingOf(call), platform), platform) };
  },
});
