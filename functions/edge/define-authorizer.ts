import type { Platform } from '#platform/platform.ts';
import type { CallerPolicy, Role } from '#platform/principal.ts';
import type { HeldRate } from './callers/caller-rate.ts';
import type { CatalogRoute } from './catalog.ts';
import { entryHandler, type BufferedEntryHandler } from './entry-handler.ts';
import type { AuthorizerSpec } from './specs.ts';

/** Who holds a key, and every route that this one may use. */
export interface Authorization {
  readonly id: string;
  readonly roles: readonly Role[];
  /** Absent: nothing is said of it. */
  readonly policy?: CallerPolicy;
  readonly rate: HeldRate;
  readonly allowed: readonly CatalogRoute[];
}

export interface AuthorizerDefinition extends Omit<AuthorizerSpec, 'kind' | 'timeoutMs' | 'memoryMb'> {
  /** Undefined: nobody's key. */
  readonly authorize: (key: string, platform: Platform) => Promise<Authorization | undefined>;
}

/** The part of API Gateway's TOKEN authorizer event that Weir reads. */
interface TokenEvent {
  readonly authorizationToken?: string;
  readonly methodArn: string;
}

const BEARER_KEY = /^Bearer +([\x21-\x7e]{1,256})$/i;

/**
 * A Lambda authorizer (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html).
 * A key that proves nobody is the error `Unauthorized`, from which API Gateway makes a 401.
 */
export function defineAuthorizer({ authorize, ...definition }: AuthorizerDefinition): {
  readonly handler: BufferedEntryHandler;
  readonly spec: AuthorizerSpec;
} {
  const spec: AuthorizerSpec = { ...definition, kind: 'authorizer', timeoutMs: 5_000, memoryMb: 256 };
  const handler = entryHandler(({ platform }) => async (event) => {
    const { authorizationToken = '', methodArn } = event as TokenEvent;
    const key = BEARER_KEY.exec(authorizationToken)?.[1];
    const authorization = key === undefined ? undefined : await authorize(key, platform);
    if (!authorization) throw new Error('Unauthorized');
    return toPolicy(authorization, methodArn);
  });
  return { handler, spec };
}

function toPolicy({ id, roles, policy, rate, allowed }: Authorization, methodArn: string) {
  // arn:aws:execute-api:region:account:api/stage/METHOD/path
  const stageArn = methodArn.split('/').slice(0, 2).join('/');
  const resources = allowed.map(({ method, path }) => `${stageArn}/${method}${anyValue(path)}`);
  const statement =
    resources.length > 0
      ? { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: resources }
      : { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: `${stageArn}/*` };
  return {
    principalId: id,
    policyDocument: { Version: '2012-10-17', Statement: [statement] },
    // By this API Gateway finds the usage plan; it answers 403 where there is none.
    usageIdentifierKey: rate.usageKey,
    // API Gateway passes on strings only.
    context: {
      callerId: id,
      roles: roles.join(','),
      ...(policy && { policy: JSON.stringify(policy) }),
      ...(rate.countedPerSecond && { requestsPerSecond: String(rate.countedPerSecond) }),
    },
  };
}

/**
 * A route's path as a policy takes it, any value in the place of a parameter. IAM's `*` goes on over slashes: that no other
 * route lies below it that this one's callers may not use is checked where all routes are known (infra/check-routes.ts).
 */
function anyValue(path: string): string {
  return path.replaceAll(/\{[^/}]+\}/g, '*');
}
