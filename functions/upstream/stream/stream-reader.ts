import type { Reply } from '../from-openai.ts';
import type { Seen } from '../seen.ts';
import type { Served } from '../served.ts';
import type { Verdict } from './read-blocks.ts';

/** What whoever hears an answer's events says to each: whether more are wanted. A promise: not before it settles. */
export type Heard = 'more' | 'enough';

/** Reads the streamed replies of one API, block by block. */
export interface StreamReader {
  /** One block. @throws UpstreamFailure for an event that says the answer failed, or that is none */
  read(block: Buffer): Verdict | Promise<Verdict>;
  /** The whole answer, once its last event was read. */
  readonly reply: Reply | undefined;
  /** What it said of itself so far. */
  readonly served: Served | undefined;
  readonly seen: Seen;
  /** The answer as far as it went, when the listener had enough. */
  cutShort(): Reply;
}
