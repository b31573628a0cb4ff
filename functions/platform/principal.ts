/** What a caller may do: `caller` uses endpoints, `finance` reads spend, `administrator` manages. */
export const ROLES = ['caller', 'finance', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** Who is calling, whatever proved it: a caller's key, IAM, or the endpoint's own queue. */
export interface Principal {
  readonly id: string;
  readonly kind: 'caller' | 'iam' | 'queue';
  readonly roles: readonly Role[];
}
