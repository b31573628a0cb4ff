import type { Pace } from './pace.ts';

/** Which stream is asked for. */
export type StreamKind = 'chat' | 'responses' | 'summarize';

/** Whom the clients call. */
export interface Target {
  readonly url: string;
  readonly kind: StreamKind;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Streams to be read: each client opens the next when its last has ended. */
export interface Load {
  readonly target: Target;
  readonly clients: number;
  /** In all. */
  readonly streams: number;
  readonly pace: Pace;
  /** Clients begin one after the other, and their streams differ in length by a half, so that they do not march in step. */
  readonly isScattered: boolean;
}

/** What the clients saw. All streams were whole, or there is none of it. */
export interface LoadSeen {
  /** From the sending of a request to its first token, of each stream. */
  readonly firstTokenMs: readonly number[];
  readonly chunks: number;
  /** How many reads the chunks came in: fewer, where something on the way was late. */
  readonly reads: number;
}

/** The clients of one address at a time. */
export const CLIENTS = 16;
