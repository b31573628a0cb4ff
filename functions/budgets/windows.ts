/** What a limit is for: a day or a calendar month, in UTC. */
export const WINDOW_KINDS = ['month', 'day'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

/** One window: `2026-11` or `2026-11-22`. A call belongs to the windows in which it was minted, everywhere. */
export type Window = string;

/** The window (UTC) of a moment. */
export function windowOf(kind: WindowKind, atMs: number): Window {
  return new Date(atMs).toISOString().slice(0, kind === 'day' ? 10 : 7);
}

export function kindOf(window: Window): WindowKind {
  return window.length > 7 ? 'day' : 'month';
}

/** When a window ends and the next one begins, in epoch milliseconds. */
export function endOf(window: Window): number {
  const first = new Date(window);
  return kindOf(window) === 'day'
    ? Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), first.getUTCDate() + 1)
    : Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1);
}

/** The same as ISO 8601 with Z. */
export function resetsAt(window: Window): string {
  return new Date(endOf(window)).toISOString();
}
