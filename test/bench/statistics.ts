/** A measure in the middle of its runs, and the half of the runs around it. */
export interface Spread {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

/** Median and quartiles: a busy neighbour spoils a mean, and hardly moves these. @throws RangeError without a value */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  };
}

/** The value that so large a share of the values does not exceed. @throws RangeError without a value */
export function percentileOf(values: readonly number[], share: number): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    share,
  );
}

/** How many times the base each value is, run by run: what slowed both at the same time cancels out. */
export function ratiosOf(values: readonly number[], bases: readonly number[]): Spread {
  return spreadOf(values.map((value, run) => value / (bases[run] as number)));
}

/** Slope of the line through (0, v₀), (1, v₁), …: the median over all pairs (Theil–Sen), which one outlier cannot turn. */
export function slopeOf(values: readonly number[]): number {
  const slopes = values.flatMap((from, i) => values.slice(i + 1).map((to, steps) => (to - from) / (steps + 1)));
  return spreadOf(slopes).median;
}

/** Linear between the two nearest ranks. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) throw new RangeError('a quantile needs at least one value');
  const rank = (sorted.length - 1) * share;
  const below = sorted[Math.floor(rank)] as number;
  const above = sorted[Math.ceil(rank)] as number;
  return below + (above - below) * (rank - Math.floor(rank));
}
