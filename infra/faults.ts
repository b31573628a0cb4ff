/** What is wrong with a whole number that must lie in a range; empty: nothing. */
export function rangeFaults(name: string, given: number, least: number, most: number): string[] {
  if (Number.isInteger(given) && given >= least && given <= most) return [];
  return [`${name} must be from ${least} to ${most}, but ${given} was given`];
}

/** What an attempt throws, in its own words; undefined: it throws nothing. */
export function faultOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
