import * as z from 'zod';
import { ROLES } from '#platform/principal.ts';
import { policySchema } from '../caller-policy.ts';
import type { CallerBudget } from './caller-budget.ts';
import { heldRateOf } from './caller-rate.ts';
import { isOver, stateOf, type ManagedCaller } from './managed-caller.ts';

const usd = z.string().describe('Decimal US dollars.').nullable();

/** A caller in the reply of a route: neither its keys nor their hashes. */
export const callerSchema = z.strictObject({
  id: z.string(),
  state: z.enum(['active', 'disabled', 'expired', 'revoked']),
  name: z.string().optional(),
  owner: z.string().optional(),
  roles: z.array(z.enum(ROLES)),
  endpoints: z.array(z.string()),
  policy: policySchema.optional(),
  budget: z.strictObject({ monthlyUsd: usd, dailyUsd: usd }).describe('Null: no limit of its own.'),
  requestsPerSecond: z.number().nullable().describe('Null: what the whole API takes.'),
  rateHeldBy: z
    .enum(['api-gateway', 'weir'])
    .optional()
    .describe('Who counts its requests: Weir itself while API Gateway gets to know it, or has no more room.'),
  expiresAt: z.string().nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  revokedAt: z.string().optional(),
  keys: z.array(
    z.strictObject({
      keyId: z.string(),
      createdAt: z.string(),
      expiresAt: z.string().nullable(),
      lastRotatedAt: z.string().optional().describe('When a newer key took its place.'),
      isOver: z.boolean(),
    }),
  ),
});

/** A caller with a key that is shown this once. */
export const keySchema = z.strictObject({
  caller: callerSchema,
  keyId: z.string(),
  key: z.string().describe('In clear. It is shown this once; Weir knows its hash alone.'),
});

/** A caller as `callerSchema` shows it. */
export function toCallerReply(
  caller: ManagedCaller,
  budget: CallerBudget,
  { apiId, nowMs }: { readonly apiId: string; readonly nowMs: number },
): z.input<typeof callerSchema> {
  const { id, name, owner, roles, endpoints, policy, expiresAt, createdAt, createdBy, revokedAt } = caller;
  const { requestsPerSecond = null } = caller;
  const { countedPerSecond } = heldRateOf(caller, apiId, nowMs);
  return {
    id,
    state: stateOf(caller, nowMs),
    ...(name !== undefined && { name }),
    ...(owner !== undefined && { owner }),
    roles: [...roles],
    endpoints: [...endpoints],
    ...(policy && { policy: policySchema.parse(policy) }),
    budget,
    requestsPerSecond,
    ...(requestsPerSecond !== null && { rateHeldBy: countedPerSecond === undefined ? 'api-gateway' : 'weir' }),
    expiresAt: expiresAt ?? null,
    createdAt,
    createdBy,
    ...(revokedAt !== undefined && { revokedAt }),
    keys: caller.keys.map((key) => ({
      keyId: key.keyId,
      createdAt: key.createdAt,
      expiresAt: key.expiresAt ?? null,
      ...(key.rotatedAt !== undefined && { lastRotatedAt: key.rotatedAt }),
      isOver: isOver(key.expiresAt, nowMs),
    })),
  };
}
