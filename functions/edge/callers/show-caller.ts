import type * as z from 'zod';
import type { HttpCall } from '../http-call.ts';
import { Unauthenticated } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { readCallerBudget, type CallerBudget } from './caller-budget.ts';
import { toCallerReply, type callerSchema, type keySchema } from './caller-reply.ts';
import type { Asking, MadeKey } from './manage-callers.ts';
import type { ManagedCaller } from './managed-caller.ts';

/**
 * A caller with its limits, for a reply.
 * @param known its budget, where that has been read before
 * @throws when the budgets cannot be read
 */
export async function showCaller(
  caller: ManagedCaller,
  platform: Platform,
  known?: CallerBudget,
): Promise<z.input<typeof callerSchema>> {
  const budget = known ?? (await readCallerBudget(caller.id, platform));
  return toCallerReply(caller, budget, { apiId: platform.config.apiId, nowMs: platform.clock.nowMs() });
}

/** A new key with its caller, for the one reply that shows it. */
export async function showKey(
  { caller, keyId, clear }: MadeKey,
  platform: Platform,
  known?: CallerBudget,
): Promise<z.input<typeof keySchema>> {
  return { caller: await showCaller(caller, platform, known), keyId, key: clear };
}

/** Who asks, for the audit trail. */
export function askingOf({ principal, requestId }: HttpCall): Asking {
  if (!principal) throw new Unauthenticated();
  return { by: principal.id, requestId };
}
