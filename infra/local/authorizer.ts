import type { Clock } from '#platform/clock.ts';
import type { HostedFunction } from './lambda-host.ts';

/** What API Gateway knows of a caller after asking the authorizer. */
export type Decision =
  | {
      readonly outcome: 'allowed';
      readonly context: Readonly<Record<string, unknown>>;
      /** By which its usage plan is found. */
      readonly usageKey: string | undefined;
    }
  | { readonly outcome: 'unauthorized' | 'forbidden' | 'failed' };

interface Policy {
  readonly policyDocument: {
    readonly Statement: readonly { readonly Effect: 'Allow' | 'Deny'; readonly Resource: string | readonly string[] }[];
  };
  readonly context: Readonly<Record<string, unknown>>;
  readonly usageIdentifierKey?: string;
}

interface CachedPolicy {
  readonly policy: Policy;
  readonly untilMs: number;
}

const STAGE_ARN = 'arn:aws:execute-api:local:000000000000:weir/local';

/**
 * API Gateway's use of a TOKEN authorizer: no token, no question; one decision a token, cached for all routes; and the cached
 * policy, not the route of the first question, decides (A4).
 */
export function createAuthorizer(authorizer: HostedFunction, cacheSeconds: number, clock: Clock) {
  const cache = new Map<string, CachedPolicy>();

  const policyFor = async (token: string, methodArn: string): Promise<Policy> => {
    const cached = cache.get(token);
    if (cached && cached.untilMs > clock.nowMs()) return cached.policy;
    const event = { type: 'TOKEN', authorizationToken: token, methodArn };
    const policy = (await authorizer.invoke(event)) as Policy;
    cache.delete(token);
    cache.set(token, { policy, untilMs: clock.nowMs() + cacheSeconds * 1000 });
    // Tokens come from outside: the oldest decisions make room.
    if (cache.size > MAX_CACHED) cache.delete(cache.keys().next().value as string);
    return policy;
  };

  return async (token: string | undefined, method: string, path: string): Promise<Decision> => {
    if (!token) return { outcome: 'unauthorized' };
    const methodArn = `${STAGE_ARN}/${method}${path}`;
    try {
      const policy = await policyFor(token, methodArn);
      if (!allows(policy, methodArn)) return { outcome: 'forbidden' };
      return { outcome: 'allowed', context: policy.context, usageKey: policy.usageIdentifierKey };
    } catch (error) {
      return { outcome: error instanceof Error && error.message === 'Unauthorized' ? 'unauthorized' : 'failed' };
    }
  };
}

const MAX_CACHED = 10_000;

function allows({ policyDocument }: Policy, arn: string): boolean {
  const matching = policyDocument.Statement.filter(({ Resource }) =>
    [Resource].flat().some((pattern) => matches(pattern, arn)),
  );
  return matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny');
}

/** IAM's wildcards: `*` for any characters, `?` for one. */
function matches(pattern: string, arn: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(arn);
}
