import { ModelNotAllowed, ModelNotPriced } from '#platform/errors.ts';
import { isPriced } from '#pricing/find-price.ts';
import type { JsonObject } from '#protocol/request.ts';
import { showValue } from '../shown.ts';
import type { PassOptions } from './pass-options.ts';
import { readText } from './read-member.ts';
import { refuse } from './refuse.ts';

/**
 * The model that a request asks for, or the one that stands in where it names none.
 *
 * @param standIn used where it names none; the caller's list must have it all the same
 * @throws InvalidRequest where there is none; ModelNotAllowed; ModelNotPriced
 */
export function chooseModel(body: JsonObject, { policy, nowMs }: PassOptions, standIn: string | undefined): string {
  const model = readText(body, 'model') ?? standIn;
  if (model === undefined) return refuse('model', 'is required (a text)');
  if (policy?.models && !policy.models.includes(model)) throw new ModelNotAllowed(showValue(model), policy.models);
  if (!isPriced(model, nowMs)) throw new ModelNotPriced(showValue(model));
  return model;
}
