/**
 * Why an answer ended. `stop` and `tool-calls` are complete; `enough` was ended by us, because a stop condition was met.
 */
export type FinishReason = 'stop' | 'tool-calls' | 'length' | 'content-filter' | 'refusal' | 'enough';

/**
 * What a model's answer consists of, in the order in which it arrives. A plain reply is the collected stream: it ends
 * with exactly one `finish`, and an answer without it is not an answer.
 */
export type CallEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool-call'; readonly callId: string; readonly name: string; readonly arguments: string }
  | { readonly type: 'refusal'; readonly text: string }
  | { readonly type: 'vectors'; readonly vectors: readonly (readonly number[])[] }
  /** A reply in OpenAI's own words, whole: JSON, or all of a stream. */
  | { readonly type: 'body'; readonly text: string }
  | { readonly type: 'finish'; readonly reason: FinishReason };

/** What can be told of an answer while it is made: its events, or a part of a reply in OpenAI's own words. */
export type LiveEvent =
  | CallEvent
  /** `isWritten`: some word of the model's has come, in them or before. */
  | { readonly type: 'bytes'; readonly bytes: Uint8Array; readonly isWritten: boolean }
  /** What follows comes from the cache: told before anything else. */
  | { readonly type: 'cached'; readonly ageSeconds: number };

/** Hears an answer while it is made. Where it gives a promise, it has enough for now: the rest waits for it. */
export type Listener = (event: LiveEvent) => void | Promise<void>;

/** The collected answer to one request. */
export interface Answer {
  readonly text: string;
  readonly refusal: string;
  readonly toolCalls: readonly { readonly callId: string; readonly name: string; readonly arguments: string }[];
  readonly vectors: readonly (readonly number[])[];
  readonly finish: FinishReason;
}

/** Reads an answer's events to their end. @throws Error when they end without `finish`: a cut answer is no answer */
export async function collect(events: AsyncIterable<CallEvent> | Iterable<CallEvent>): Promise<Answer> {
  const answer = {
    text: '',
    refusal: '',
    toolCalls: [] as Answer['toolCalls'][number][],
    vectors: [] as Answer['vectors'],
  };
  let finish: FinishReason | undefined;
  for await (const event of events) {
    if (event.type === 'text') answer.text += event.text;
    else if (event.type === 'refusal') answer.refusal += event.text;
    else if (event.type === 'tool-call') answer.toolCalls.push(event);
    else if (event.type === 'vectors') answer.vectors = [...answer.vectors, ...event.vectors];
    else if (event.type === 'finish') finish = event.reason;
  }
  if (finish === undefined) throw new Error('an answer ended without its finish');
  return { ...answer, finish };
}

/** An answer that may be stored and replayed: the model said all it wanted, and asked for no tool. */
export function isComplete(events: readonly CallEvent[]): boolean {
  const last = events.at(-1);
  return last?.type === 'finish' && last.reason === 'stop' && !events.some((event) => event.type === 'tool-call');
}

/** Why an answer ended; undefined for one that did not. */
export function finishOf(events: readonly CallEvent[]): FinishReason | undefined {
  const last = events.at(-1);
  return last?.type === 'finish' ? last.reason : undefined;
}
