import { isPriced } from '#pricing/find-price.ts';
import { BUNDLE_BUDGET_BYTES, type Bundle } from '../bundle/bundle-entries.ts';
import { bundlesOf } from '../constructs/bundle-of.ts';

/** The only routes that ask for no key. Whoever opens another one writes it here. */
export const PUBLIC_ROUTES: readonly string[] = ['GET /docs', 'GET /docs/{asset}', 'GET /health', 'GET /openapi.json'];

/**
 * Refuses to make a deployment that would not work, or would cost what nobody can tell.
 * @param atMs the time at which prices must stand
 * @throws Error that names every fault of every entry
 */
export function assertDeployable(bundles: readonly Bundle[], atMs: number): void {
  const faults = [...unpriced(bundles, atMs), ...overBudget(bundles), ...openedUnawares(bundles)];
  if (bundlesOf(bundles, 'authorizer').length !== 1) faults.push('there must be exactly one authorizer');
  if (faults.length > 0) throw new Error(`this cannot be deployed:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}

/** A call to a model without a price would cost $0 in the books, and dollars on the bill (L9). */
function unpriced(bundles: readonly Bundle[], atMs: number): string[] {
  const day = new Date(atMs).toISOString().slice(0, 10);
  return bundlesOf(bundles, 'endpoint').flatMap(({ entry: { name, spec } }) => {
    // Where the caller names the model, the call itself asks for its price.
    if (!spec.model) return [];
    const { name: tier, model, fallbacks } = spec.model;
    return [model, ...fallbacks]
      .filter((each) => !isPriced(each, atMs))
      .map(
        (each) =>
          `${name}: ${each}, ${each === model ? 'the model' : 'a fallback'} of tier ${tier}, has no price on ${day}`,
      );
  });
}

function overBudget(bundles: readonly Bundle[]): string[] {
  return bundles.flatMap(({ entry: { name, spec }, bytes }) => {
    const budgetBytes = BUNDLE_BUDGET_BYTES[spec.kind];
    return bytes > budgetBytes ? [`${name}: its bundle has ${bytes} bytes, but its budget is ${budgetBytes}`] : [];
  });
}

function openedUnawares(bundles: readonly Bundle[]): string[] {
  return bundlesOf(bundles, 'route')
    .filter(({ entry: { spec } }) => spec.access === 'public')
    .map(({ entry: { name, spec } }) => ({ name, route: `${spec.method} ${spec.path}` }))
    .filter(({ route }) => !PUBLIC_ROUTES.includes(route))
    .map(({ name, route }) => `${name}: ${route} is public, but not among ${PUBLIC_ROUTES.join(', ')}`);
}
