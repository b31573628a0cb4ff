import type { ScopeName } from '#budgets/budget.ts';
import type { SpecLimits } from '#budgets/limits.ts';
import { InvalidRequest, NotFound } from '#platform/errors.ts';
import type { Platform } from '#platform/platform.ts';
import { specLimitsOf } from './budget-limits.ts';
import { loadCatalog } from './catalog.ts';
import { showValue } from './shown.ts';

const CALLER = /^caller:[\x21-\x7e]{1,128}$/;

/** A scope that somebody has named, with what its spec says of it. */
export interface NamedScope {
  readonly scope: ScopeName;
  /** Of an endpoint; others have none. */
  readonly spec?: SpecLimits;
}

/** @throws InvalidRequest for what is no scope, NotFound for an endpoint that this deployment does not have */
export async function parseScope(text: string, platform: Platform): Promise<NamedScope> {
  if (text === 'account') return { scope: 'account' };
  if (CALLER.test(text)) return { scope: text as ScopeName };
  if (text.startsWith('endpoint:')) {
    const spec = specOf(text as ScopeName, await endpointSpecs(platform));
    if (!spec) throw new NotFound(`there is no endpoint of that name: ${showValue(text)}`);
    return { scope: text as ScopeName, spec };
  }
  const message = `scope must be endpoint:<name>, caller:<id> or account, but ${showValue(text)} was provided`;
  throw new InvalidRequest([{ field: 'scope', message }]);
}

/** What the specs of all endpoints say of their budgets, by endpoint. */
export async function endpointSpecs(platform: Platform): Promise<ReadonlyMap<string, SpecLimits>> {
  const { routes } = await loadCatalog(platform);
  const endpoints = routes.filter((route) => route.kind === 'endpoint');
  return new Map(endpoints.map(({ name, budget }) => [name, specLimitsOf(budget)]));
}

/** What the spec says of a scope; undefined where it is no endpoint's. */
export function specOf(scope: ScopeName, specs: ReadonlyMap<string, SpecLimits>): SpecLimits | undefined {
  return scope.startsWith('endpoint:') ? specs.get(scope.slice('endpoint:'.length)) : undefined;
}
