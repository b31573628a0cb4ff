import type { TokenUsage } from '#protocol/usage.ts';

/** What a reply says of itself: by this, not by what was asked, it is priced. */
export interface Served {
  readonly model: string;
  readonly serviceTier?: string;
  /** Undefined: the reply came without usage. */
  readonly usage: TokenUsage | undefined;
  readonly requestId?: string;
}
