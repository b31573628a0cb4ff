import * as z from 'zod';
import { loadCatalog } from '../catalog.ts';
import { InvalidRequest, type FieldFault } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { ROLES, rolesByKey, type Role } from '#platform/principal.ts';
import { policySchema } from '../caller-policy.ts';
import { showValue } from '../shown.ts';
import { RATE_TIERS } from './rate-tiers.ts';

const limit = z
  .string()
  .regex(/^(0|[1-9]\d{0,8})(\.\d{1,12})?$/, 'must be decimal US dollars such as "50" or "0.0100", up to 999999999')
  .nullable();

/** What an administrator may say of a caller's budget. */
const budgetWish = z.strictObject({
  monthlyUsd: limit.optional().describe('At most so much in a calendar month (UTC). Null: no limit.'),
  dailyUsd: limit.optional().describe('At most so much in a day (UTC). Null: no limit.'),
});
export type BudgetWish = z.output<typeof budgetWish>;

const text = z.string().trim().min(1).max(200);
const moment = z.iso.datetime('must be a moment such as 2026-12-31T23:00:00Z');

/** A caller's id: it stands in paths, in the ledger and in the scope of a budget. */
export const callerId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'must be 1 to 64 letters, digits, dots, dashes or underscores, a letter or a digit first',
  );

const roles = z.array(z.enum(ROLES)).min(1).max(ROLES.length);
const endpoints = z.array(z.string().min(1).max(200)).max(200).describe('Names of endpoints; "*" for all.');

const requestsPerSecond = z.literal(RATE_TIERS);

/** What a new caller is to be. */
export const newCaller = z.strictObject({
  id: callerId.describe('Stays for good: it stands in the ledger.'),
  name: text.optional(),
  owner: text.optional().describe('Who answers for it.'),
  roles: roles.default(['caller']),
  endpoints: endpoints.default(['*']),
  policy: policySchema.optional().describe('What it may do on the OpenAI-compatible routes.'),
  budget: budgetWish.optional(),
  requestsPerSecond: requestsPerSecond
    .optional()
    .describe('With all its keys together, and as many at once. Default: what the whole API takes.'),
  expiresAt: moment.optional().describe('From then on it is refused. Default: never.'),
});

/** What is to change of a caller. What is absent stays as it is. */
export const callerChange = z.strictObject({
  name: text.nullable().optional(),
  owner: text.nullable().optional(),
  roles: roles.optional(),
  endpoints: endpoints.optional(),
  policy: policySchema.nullable().optional().describe('In the place of the one before. Null: nothing is said of it.'),
  budget: budgetWish.optional(),
  requestsPerSecond: requestsPerSecond
    .nullable()
    .optional()
    .describe('With all its keys together, and as many at once. Null: what the whole API takes.'),
  expiresAt: moment.nullable().optional().describe('Null: never.'),
  disabled: z.boolean().optional(),
});

/** What is asked of a rotation. */
export const rotation = z.strictObject({
  overlapSeconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .describe('So long the older keys still work.'),
  expiresAt: moment.optional().describe('When the new key ends. Default: with its caller.'),
});

/**
 * What no schema can tell: that the endpoints are there, that a key can give the roles, and that an end lies ahead.
 * @throws InvalidRequest that names each field
 */
export async function checkWish(
  {
    endpoints: named = [],
    roles: wanted = [],
    expiresAt,
  }: {
    readonly endpoints?: readonly string[] | undefined;
    readonly roles?: readonly Role[] | undefined;
    readonly expiresAt?: string | null | undefined;
  },
  platform: Platform,
): Promise<void> {
  const { routes } = await loadCatalog(platform);
  const known = new Set(['*', ...routes.filter(({ kind }) => kind === 'endpoint').map(({ name }) => name)]);
  const faults: FieldFault[] = named.flatMap((name, at) => {
    if (known.has(name)) return [];
    const field = `endpoints.${at}`;
    return [{ field, message: `${field} must be the name of an endpoint or "*", but ${showValue(name)} was provided` }];
  });
  faults.push(...roleFaults(wanted, platform), ...endFaults(expiresAt, platform));
  if (faults.length > 0) throw new InvalidRequest(faults);
}

/** A role that no key gives would look as if it opened what it does not. */
function roleFaults(wanted: readonly Role[], { config }: Pick<Platform, 'config'>): FieldFault[] {
  if (rolesByKey(wanted, config.administratorsBy).length === wanted.length) return [];
  const message = 'roles must not name administrator here: administrators sign with IAM, and no key makes one';
  return [{ field: 'roles', message }];
}

/** @throws InvalidRequest for an end that lies behind */
export function checkEnd(expiresAt: string | undefined, platform: Pick<Platform, 'clock'>): void {
  const faults = endFaults(expiresAt, platform);
  if (faults.length > 0) throw new InvalidRequest(faults);
}

function endFaults(expiresAt: string | null | undefined, { clock }: Pick<Platform, 'clock'>): FieldFault[] {
  if (expiresAt === undefined || expiresAt === null || Date.parse(expiresAt) > clock.nowMs()) return [];
  return [{ field: 'expiresAt', message: `expiresAt must lie ahead, but ${showValue(expiresAt)} was provided` }];
}
