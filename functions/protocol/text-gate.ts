/** What a gate lets through of the text that it was given so far. */
export interface Passage {
  /** May be shorter than what was given: the rest is held back until more of it is known. */
  readonly text: string;
  /** There is enough: nothing more passes, and nothing more needs to be made. */
  readonly isEnough: boolean;
}

/**
 * Something that an answer's text passes while it is made, piece by piece: it may hold a part back that only the next piece
 * explains, and it may say that there is enough. One gate an answer. Pieces may be cut anywhere, between the two halves of
 * a surrogate pair too; what comes out never is.
 */
export interface TextGate {
  /** The next piece. Not called again after `isEnough`. */
  push(piece: string): Passage;
  /** The answer has ended: what was held back. */
  end(): string;
}

/** Makes the gate of one answer. */
export type NewGate = () => TextGate;
