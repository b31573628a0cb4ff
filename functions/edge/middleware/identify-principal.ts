import type { Config } from '#platform/config.ts';
import { Forbidden, Unauthenticated } from '#platform/errors.ts';
import { isForAdministrators, ROLES, rolesByKey, type Principal, type Role } from '#platform/principal.ts';
import { parseCallerPolicy } from '../caller-policy.ts';
import type { HttpCall } from '../http-call.ts';
import type { HttpMiddleware } from '../http-middleware.ts';

/**
 * Takes the principal from what API Gateway proved, and checks once more that one of its roles may be here: a wrong line in a
 * gateway's policy shall not open an endpoint. A route has one way in: who signed counts where IAM guards it, and nowhere else, and
 * there no key does.
 */
export default function identifyPrincipal(
  access: readonly Role[],
  { administratorsBy }: Pick<Config, 'administratorsBy'>,
): HttpMiddleware {
  const isGuardedByIam = administratorsBy === 'iam' && isForAdministrators(access);
  return {
    before(request) {
      const call = request.event;
      const principal = isGuardedByIam ? signerOf(call) : holderOf(call, administratorsBy);
      if (!principal) throw new Unauthenticated();
      if (!principal.roles.some((role) => access.includes(role))) {
        throw new Forbidden(`this needs one of the roles ${access.join(', ')}`);
      }
      call.principal = principal;
    },
  };
}

/** `arn:aws:sts::111122223333:assumed-role/Admin/ada`: whole, as CloudTrail has it too. */
const SIGNER = /^arn:[a-z-]+:(?:iam|sts)::\d{12}:\S+$/;

function signerOf({ signedBy }: HttpCall): Principal | undefined {
  if (signedBy === undefined || !SIGNER.test(signedBy)) return undefined;
  return { id: signedBy, kind: 'iam', roles: ['administrator'] };
}

/** The authorizer's context: strings only, as API Gateway passes them on. */
function holderOf({ authorizer }: HttpCall, administratorsBy: Config['administratorsBy']): Principal | undefined {
  const id = authorizer?.['callerId'];
  const roles = authorizer?.['roles'];
  if (typeof id !== 'string' || typeof roles !== 'string') return undefined;
  const known = roles.split(',').filter((role): role is Role => (ROLES as readonly string[]).includes(role));
  const policy = parseCallerPolicy(authorizer?.['policy']);
  return { id, kind: 'caller', roles: rolesByKey(known, administratorsBy), ...(policy && { policy }) };
}
