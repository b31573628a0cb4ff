const POINTS = 8192;

/**
 * How long a request to DynamoDB takes, milliseconds there and back: log-normal, median 5 ms, 99th percentile 13 ms; one in
 * 200 takes ten times as long. AWS publishes "single-digit milliseconds" and no distribution; this one is assumed.
 */
const QUANTILES = Float64Array.from(
  { length: POINTS },
  (_, point) => 5 * Math.exp(0.4 * normalQuantile((point + 0.5) / POINTS)),
);
const SLOW_SHARE = 1 / 200;
const SLOW_TIMES = 10;

/** The latency of one request; of several sent side by side, that of the last. */
export function latencyMs(random: () => number, requests = 1): number {
  const rank = requests === 1 ? random() : random() ** (1 / requests);
  const plain = QUANTILES[Math.floor(rank * POINTS)]!;
  const isSlow = random() < 1 - (1 - SLOW_SHARE) ** requests;
  return isSlow ? plain * SLOW_TIMES : plain;
}

/** An exponential duration. */
export function exponential(random: () => number, mean: number): number {
  return -mean * Math.log(1 - random());
}

/** A normal deviate: https://en.wikipedia.org/wiki/Box–Muller_transform */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Inverse of the normal distribution's function, by bisection. */
function normalQuantile(share: number): number {
  let low = -8;
  let high = 8;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

/** Share of a normal distribution below `x`: Abramowitz and Stegun 26.2.17, error under 10⁻⁷. */
function normalShare(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x < 0 ? tail : 1 - tail;
}
