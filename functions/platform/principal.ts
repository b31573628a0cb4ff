import type { RedactPolicy } from './redact-policy.ts';

/** What a caller may do: `caller` uses endpoints, `finance` reads spend, `administrator` manages. */
export const ROLES = ['caller', 'finance', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** How administrators prove themselves in a deployment: signed by IAM, or with a key as callers do. */
export type AdministratorsBy = 'iam' | 'key';

/** Whether a route is for administrators alone: where those come by IAM, no key opens it. */
export function isForAdministrators(access: 'public' | readonly Role[]): boolean {
  return access !== 'public' && access.every((role) => role === 'administrator');
}

/** What the holder of a key may do: where administrators come by IAM, no key makes one. */
export function rolesByKey(roles: readonly Role[], administratorsBy: AdministratorsBy): readonly Role[] {
  return administratorsBy === 'key' ? roles : roles.filter((role) => role !== 'administrator');
}

/** What a caller may do on the OpenAI-compatible routes, where the caller chooses more than elsewhere. */
export interface CallerPolicy {
  /** The models that it may name. Absent: all that have a price. */
  readonly models?: readonly string[];
  /** Stands in for a model that it does not name. */
  readonly defaultModel?: string;
  /** Answers to its requests are kept for so long, unless a request says otherwise. Absent: only where a request asks for it. */
  readonly cacheSeconds?: number;
  /** OpenAI may keep its answers (`store`), and it may go on from kept ones. @default false */
  readonly mayStore?: boolean;
  /** What a model may see of its secrets and personal data, on every endpoint, where that is stricter than the endpoint's own policy. */
  readonly redact?: RedactPolicy;
}

/** Who is calling, whatever proved it: a caller's key, IAM, or the endpoint's own queue. */
export interface Principal {
  readonly id: string;
  readonly kind: 'caller' | 'iam' | 'queue';
  readonly roles: readonly Role[];
  /** Absent: nothing is said of it. */
  readonly policy?: CallerPolicy;
}
