/**
 * What finds one kind of secret or personal data, as data: the engine (scanner.ts) knows none of them by name.
 *
 * A detector is only asked where its anchor stands, so that two hundred of them cost little more than one. It is held
 * to two promises, which the tests prove for each: it finds what its pattern would find as a plain global regex
 * (every match holds one of its anchors), and it is linear (bounded or disjoint repetitions only).
 */
export interface Detector {
  /** Stands in the place of what was found: `[OPENAI_KEY]`. Upper case, digits and `_`. */
  readonly kind: string;
  /** A secret wins over personal data that lies within it. */
  readonly category: 'secret' | 'personal';
  readonly anchor: Anchor;
  /**
   * Sticky (`y`), tried at bounded places around each anchor. A group named `secret` narrows what is masked; the rest
   * of the match is context, such as `password = `.
   */
  readonly pattern: RegExp;
  /** Says no to what only looks like one: checksum, entropy, placeholder. What it refuses is sought again one unit on. */
  validate?(match: RegExpExecArray): boolean;
  /** No match, with what its lookarounds must see, is longer (UTF-16 units). A stream's hold-back window comes of it. */
  readonly longest: number;
  /** How far behind its match `validate` looks (UTF-16 units). @default 64 */
  readonly seesBehind?: number;
  /**
   * What it finds, as a template, so that nothing in the repository is shaped like a credential: `{w36}` stands for 36
   * generated letters and digits. The grammar is in example.ts.
   */
  readonly example: string;
  /** Where the format is documented. Families of tokens say it in a comment, which costs the bundles nothing. */
  readonly source?: string;
}

/** Where a detector is tried: the cheap prefilter. */
export type Anchor = LiteralAnchor | DigitAnchor | RunAnchor;

/** One of these strings stands in every match. */
export interface LiteralAnchor {
  /** ASCII. Three units or more are cheap; one or two (`@`) are allowed. */
  readonly literals: readonly string[];
  /** Case (of ASCII letters) does not matter; the pattern needs the `i` flag of its own. */
  readonly caseless?: boolean;
  /** What may stand in a match before the anchor; without it, the match starts with the anchor. */
  readonly before?: Reach;
}

/** Every match holds a digit that no digit precedes, and from it on a number of at least so many digits. */
export interface DigitAnchor {
  /** Counted over single or double separators (space . - / ( ) : and U+00A0); 1 to 16. */
  readonly digits: number;
  readonly before?: Reach;
}

/** Every match holds a run of at least so many letters, digits, `_` and `-`; the place is the run's beginning. */
export interface RunAnchor {
  /** 16 or more: what is shorter is met in every sentence. */
  readonly run: number;
  readonly before?: Reach;
}

/** The engine walks back over these characters and tries each place from there up to the anchor, left to right. */
export interface Reach {
  /** The inside of a regex character class: `A-Za-z0-9._%+-`. */
  readonly of: string;
  /** UTF-16 units; keep it small, for it multiplies. */
  readonly atMost: number;
  /** The match begins where the walk ends or not at all: only that place is tried. */
  readonly whole?: boolean;
}
