import { priceBook } from '#pricing/price-book.ts';
import { parsePriceLine } from '#pricing/price-row.ts';
import type { PriceRow } from '#pricing/price-row.ts';

/** `gpt-6.1-sol-2026-09-29` is a snapshot of `gpt-6.1-sol`. */
const snapshotSuffix = /-\d{4}-\d{2}-\d{2}$/;

/**
 * Rows by model, each parsed when it is first asked for, so that loading this module costs nothing. Only models of the
 * book are remembered: what a caller may type is unbounded.
 */
const parsed = new Map<string, readonly PriceRow[]>();

/**
 * The row in force for a model at a time: that of the exact id, else that of the id without its snapshot date. There is
 * no other guess, since `gpt-6-luna-pro` is not `gpt-6-luna`.
 *
 * @param at a `Date`, or milliseconds since the epoch
 * @returns `undefined` when the book has no price for it: the call must be refused, never priced at zero
 */
export function findPrice(model: string, at: Date | number): PriceRow | undefined {
  const exact = rowsOf(model);
  const rows = exact.length > 0 ? exact : rowsOf(model.replace(snapshotSuffix, ''));
  const atMs = Number(at);
  let inForce: { readonly row: PriceRow; readonly sinceMs: number } | undefined;
  for (const row of rows) {
    const sinceMs = row.effectiveFrom === null ? -Infinity : Date.parse(row.effectiveFrom);
    if (sinceMs <= atMs && (inForce === undefined || sinceMs > inForce.sinceMs)) inForce = { row, sinceMs };
  }
  return inForce?.row;
}

/** Whether a call to this model at this time can be priced at all. */
export function isPriced(model: string, at: Date | number): boolean {
  return findPrice(model, at) !== undefined;
}

function rowsOf(model: string): readonly PriceRow[] {
  const known = parsed.get(model);
  if (known !== undefined) return known;
  const rows = priceBook.filter(([name]) => name === model).map(parsePriceLine);
  if (rows.length > 0) parsed.set(model, rows);
  return rows;
}
