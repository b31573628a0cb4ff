import { large, medium, small, type ModelTier } from '#edge/models.ts';
import { findPrice } from '#pricing/find-price.ts';
import { pricedModels } from '#pricing/priced-models.ts';
import { UsageFailure } from '../failure.ts';

const TEXT_TIERS: readonly ModelTier[] = [small, medium, large];

/**
 * The models to compare: the endpoint's own first, then those that are named (models, or tiers such as `small`); by default the
 * tiers for an endpoint that writes text, and all priced models of its kind for another. None has a fallback, whose answers would count for it.
 *
 * @throws UsageFailure for a model that is of another kind, or has no price: what cannot be metered is not tried
 */
export function candidatesFor(own: ModelTier, named: readonly string[], atMs: number): ModelTier[] {
  const kind = kindOf(own.model, atMs);
  const others = named.length > 0 ? named.map((name) => tierNamed(name)) : defaults(kind, atMs);
  for (const { model } of others) {
    const its = kindOf(model, atMs);
    if (its === undefined) throw new UsageFailure(`--models must have prices, but '${model}' has none`);
    if (its !== kind)
      throw new UsageFailure(`--models must be ${kind} models, as ${own.model} is, but '${model}' is not`);
  }
  const distinct = new Map([own, ...others].map((tier) => [tier.model, { ...tier, fallbacks: [] }]));
  // The endpoint's own tier, with its effort, whoever names the model too.
  return [...distinct.set(own.model, { ...own, fallbacks: [] }).values()];
}

function defaults(kind: Kind | undefined, atMs: number): ModelTier[] {
  if (kind === 'text') return [...TEXT_TIERS];
  return pricedModels(atMs)
    .filter((model) => kindOf(model, atMs) === kind)
    .map((model) => tierNamed(model));
}

function tierNamed(name: string): ModelTier {
  const known = TEXT_TIERS.find((tier) => tier.name === name || tier.model === name);
  return known ?? { name: '', model: name, fallbacks: [] };
}

type Kind = 'text' | 'embedding' | 'moderation';

function kindOf(model: string, atMs: number): Kind | undefined {
  const price = findPrice(model, atMs);
  if (!price) return undefined;
  if (price.outputPicoUsd !== null) return 'text';
  return price.free ? 'moderation' : 'embedding';
}
