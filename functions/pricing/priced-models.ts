import { isPriced } from './find-price.ts';
import { priceBook } from './price-book.ts';

/** The models of the price book that have a price at this time, in its order; their dated snapshots have the same. */
export function pricedModels(atMs: number): string[] {
  const models = new Set(priceBook.map(([model]) => model));
  return [...models].filter((model) => isPriced(model, atMs));
}
