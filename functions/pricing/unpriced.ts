/** No price can be given, and the reason why. Never read it as $0: refuse the call, or record its cost as unknown. */
export interface Unpriced {
  readonly priced: false;
  readonly reason: string;
}

export function unpriced(reason: string): Unpriced {
  return { priced: false, reason };
}

/** Names the first value that cannot be a count. */
export function findBadCount(counts: Readonly<Record<string, number | undefined>>): string | undefined {
  for (const [name, value] of Object.entries(counts)) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
      return `${name} must be a whole number of at least 0, but ${String(value)} was provided`;
    }
  }
  return undefined;
}
