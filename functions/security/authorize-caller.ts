import { loadCatalog, type Catalog } from '#edge/catalog.ts';
import { defineAuthorizer } from '#edge/define-authorizer.ts';
import { findCaller, type CallerRecord } from '#edge/caller-key.ts';
import { rolesByKey } from '#platform/principal.ts';

/**
 * API Gateway's Lambda authorizer: proves who holds the bearer key. Its decision is cached for all routes of a key, so the
 * policy lists every resource that this caller may use, and never just the one that was asked for (A4).
 */
export const { handler, spec } = defineAuthorizer({
  summary: 'Tells API Gateway who holds a key, and what it may use.',
  reads: ['callers'],
  catalog: true,
  cacheSeconds: 60,
  async authorize(key, platform) {
    const caller = await findCaller(key, platform);
    if (!caller) return undefined;
    const { routes } = await loadCatalog(platform);
    const { id, policy, rate } = caller;
    const roles = rolesByKey(caller.roles, platform.config.administratorsBy);
    const allowed = routes.filter((route) => isAllowed(route, { ...caller, roles }));
    return { id, roles, ...(policy && { policy }), rate, allowed };
  },
});

function isAllowed({ kind, name, access }: Catalog['routes'][number], { roles, endpoints }: CallerRecord): boolean {
  if (access === 'public') return false;
  if (!roles.some((role) => access.includes(role))) return false;
  return kind !== 'endpoint' || endpoints.includes('*') || endpoints.includes(name);
}
