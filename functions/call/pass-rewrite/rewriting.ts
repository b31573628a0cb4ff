import type { Ground } from '#redaction/call-masks.ts';
import type { HoldingGate } from '#redaction/holding-gate.ts';

/** How replies in OpenAI's own words are rewritten: every text of the model's passes a gate of its own. */
export interface Rewriting {
  /** @param ground of the text: tool calls' arguments are JSON, and so is the answer where a format was asked for */
  newGate(ground: Ground): HoldingGate;
  /** The same for a text that is there whole. */
  whole(text: string, ground: Ground): string;
  /** What the model was asked to write: `json` where the request has a `response_format` or `text.format` that is not text. */
  readonly answerGround: Ground;
  /**
   * For good (masks): only what the model wrote, and without the likelihoods of its tokens, which would spell it. Otherwise
   * (restores) all texts, for a reply repeats parts of the request.
   */
  readonly isOneWay: boolean;
}
