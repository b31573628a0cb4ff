import type { CallerPolicy } from '#platform/principal.ts';
import type { EndpointLimits } from '../specs.ts';

/** What a request that is passed on is held to. */
export interface PassOptions {
  readonly limits: EndpointLimits;
  /** Undefined: nothing is said of the caller. */
  readonly policy: CallerPolicy | undefined;
  /** Prices hold from a day on (epoch ms). */
  readonly nowMs: number;
}
