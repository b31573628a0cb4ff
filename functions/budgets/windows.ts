/** A budget's window: a calendar month in UTC, `2026-11`. A call belongs to the month in which it was minted, everywhere. */
export type Month = string;

/** The month (UTC) of a moment. */
export function monthOf(atMs: number): Month {
  return new Date(atMs).toISOString().slice(0, 7);
}

/** The moment at which the window of `atMs` ends and the next one begins, as ISO 8601 with Z. */
export function resetsAt(atMs: number): string {
  const at = new Date(atMs);
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)).toISOString();
}
