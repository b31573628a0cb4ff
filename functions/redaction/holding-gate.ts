import type { TextGate } from '#protocol/text-gate.ts';

/** A gate that tells whether it holds something back: where it does not, `end` gives nothing. */
export interface HoldingGate extends TextGate {
  readonly isHolding: boolean;
}
