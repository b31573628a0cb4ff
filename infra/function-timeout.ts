import type { EntrySpec } from '#edge/specs.ts';

/** After its deadline a function still settles the call and replies: what `edge/call-deadline.ts` reserves, and a margin. */
const AFTER_DEADLINE_MS = 2_500;

/** The timeout of an entry's Lambda, in whole seconds. */
export function functionTimeoutSeconds(spec: EntrySpec): number {
  const workMs = spec.kind === 'endpoint' ? spec.limits.timeoutMs : spec.timeoutMs;
  return Math.ceil((workMs + AFTER_DEADLINE_MS) / 1000);
}
