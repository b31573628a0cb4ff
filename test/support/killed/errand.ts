import type { HaikuTerms } from '../haiku.ts';

/** What a process that may be killed is started for. It travels as JSON in the process's one argument. */
export interface Errand {
  /** The process's clock stands still at this moment (epoch ms): no timer of its own decides anything. */
  readonly atMs: number;
  /** The function's environment: tables, endpoints, names. */
  readonly variables: Readonly<Record<string, string>>;
  readonly task: Task;
}

/** One event, and the function that it goes to. */
export type Task = CallTask | MessageTask | LimitTask | { readonly kind: 'sweep' };

/** An HTTP request to a haiku endpoint of these terms, bound to this name. */
export interface CallTask {
  readonly kind: 'call';
  readonly endpoint: string;
  readonly terms: HaikuTerms;
  readonly caller: string;
  readonly topic: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message of such an endpoint's queue, in an event of its own. */
export interface MessageTask {
  readonly kind: 'message';
  readonly endpoint: string;
  readonly terms: HaikuTerms;
  readonly messageId: string;
  readonly message: object;
}

/** An administrator sets a limit. */
export interface LimitTask {
  readonly kind: 'limit';
  readonly scope: string;
  readonly body: object;
}

/** What comes of a task: a reply's status and body, a batch's failures, a sweep's report. */
export interface Outcome {
  readonly status?: number;
  readonly body: unknown;
}

/** So long a process sleeps that is taken for dead. Nothing lives so long: every hold has expired, and every purse. */
export const LONG_AFTER_MS = 30 * 60_000;

/** What a process says when it has woken up. */
export const AWAKE = '#awake';
