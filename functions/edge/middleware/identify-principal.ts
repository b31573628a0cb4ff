import { Forbidden, Unauthenticated } from '#platform/errors.ts';
import { ROLES, type Principal, type Role } from '#platform/principal.ts';
import { parseCallerPolicy } from '../caller-policy.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/**
 * Takes the principal from what the authorizer proved, and checks once more that one of its roles may be here: a wrong
 * line in a gateway's policy shall not open an endpoint.
 */
export default function identifyPrincipal(access: readonly Role[]): HttpMiddleware {
  return {
    before(request) {
      const principal = principalOf(request.event.authorizer);
      if (!principal) throw new Unauthenticated();
      if (!principal.roles.some((role) => access.includes(role))) {
        throw new Forbidden(`this needs one of the roles ${access.join(', ')}`);
      }
      request.event.principal = principal;
    },
  };
}

/** The authorizer's context: strings only, as API Gateway passes them on. */
function principalOf(authorizer: Readonly<Record<string, unknown>> | undefined): Principal | undefined {
  const id = authorizer?.['callerId'];
  const roles = authorizer?.['roles'];
  if (typeof id !== 'string' || typeof roles !== 'string') return undefined;
  const known = roles.split(',').filter((role): role is Role => (ROLES as readonly string[]).includes(role));
  const policy = parseCallerPolicy(authorizer?.['policy']);
  return { id, kind: 'caller', roles: known, ...(policy && { policy }) };
}
