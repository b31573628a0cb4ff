import { WeirError } from '#platform/errors.ts';
import type { Log } from '#platform/log.ts';
import { errorPlace } from './error-place.ts';

/** Logs an error that nobody planned, by name and place only: its message may quote anything. */
export function logUnplanned(error: unknown, requestId: string, log: Log): void {
  if (error instanceof WeirError) return;
  const name = error instanceof Error ? error.name : typeof error;
  log.error('an unplanned error', { requestId, error: name, at: errorPlace(error) });
}
