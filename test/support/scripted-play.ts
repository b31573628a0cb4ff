import type { Piece } from './scripted-tool-calls.ts';

/** How a stream of events closes: with its terminal events, with an error event, or not at all. */
export type Closing = 'complete' | 'error-event' | 'none';

/** What a stream is made of, beside the completion that it tells. */
export interface Play {
  readonly pieces: AsyncIterable<Piece>;
  readonly closing: Closing;
  /** Settles when the model has thought enough to write. Until then there is no sign of its output. */
  readonly thought: Promise<void> | undefined;
  /** Responses only: what the closing events say was written, whatever the deltas said. */
  readonly terminalText: string | undefined;
}
