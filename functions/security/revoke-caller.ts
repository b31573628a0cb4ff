import * as z from 'zod';
import { callerSchema } from '#edge/callers/caller-reply.ts';
import { callerId } from '#edge/callers/caller-wish.ts';
import { revokeManagedCaller } from '#edge/callers/manage-callers.ts';
import { askingOf, showCaller } from '#edge/callers/show-caller.ts';
import { defineRoute } from '#edge/define-route.ts';

/** Revokes a caller with all its keys, for good. The record stays: its id is in the ledger. */
export const { handler, spec } = defineRoute({
  summary: 'Revoke a caller and all its keys, for good; it holds within 60 s.',
  method: 'DELETE',
  path: '/v1/callers/{id}',
  access: ['administrator'],
  query: z.strictObject({ id: callerId }),
  output: callerSchema,
  reads: ['budgets'],
  writes: ['callers', 'audit'],
  usageKeys: 'deletes',
  timeoutMs: 28_000,
  async handle({ id }, platform, call) {
    return { json: await showCaller(await revokeManagedCaller(id, askingOf(call), platform), platform) };
  },
});
