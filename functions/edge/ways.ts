import type { Listener } from '#protocol/events.ts';
import type { NewGate } from '#protocol/text-gate.ts';
import { inARow } from '#protocol/gates-in-a-row.ts';

/** How one call's answer goes to its caller. */
export interface Ways {
  /** Hears what the model writes while it does. */
  readonly listener?: Listener;
  /** The caller's own condition of having enough. */
  readonly newGate?: NewGate;
}

/** An answer that is shown passes the endpoint's own condition first, and then the caller's. */
export function shownWays({ listener, newGate }: Ways, own: NewGate | undefined): Ways {
  const gate = own && newGate ? () => inARow([own(), newGate()]) : (own ?? newGate);
  return { ...(listener && { listener }), ...(gate && { newGate: gate }) };
}
