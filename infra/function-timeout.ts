import type { EntrySpec } from '#edge/specs.ts';

/** After its deadline a function still settles the call and replies: what `edge/call-deadline.ts` reserves, and a margin. */
const AFTER_DEADLINE_MS = 2_500;

/** The timeout of an entry's Lambda, in whole seconds: its longest call, plain or streamed, and what comes after. */
export function functionTimeoutSeconds(spec: EntrySpec): number {
  return Math.ceil((longestCallMs(spec) + AFTER_DEADLINE_MS) / 1000);
}

/** The longest that a call of an entry may take by its spec, plain or streamed. */
export function longestCallMs(spec: EntrySpec): number {
  return spec.kind === 'endpoint' ? Math.max(spec.limits.timeoutMs, spec.stream?.timeoutMs ?? 0) : spec.timeoutMs;
}
