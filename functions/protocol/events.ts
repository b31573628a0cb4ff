/** Why the model stopped. Only `stop` and `tool-calls` are complete answers. */
export type FinishReason = 'stop' | 'tool-calls' | 'length' | 'content-filter' | 'refusal';

/**
 * What a model's answer consists of, in the order in which it arrives. A plain reply is the collected stream: it ends
 * with exactly one `finish`, and an answer without it is not an answer.
 */
export type CallEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool-call'; readonly callId: string; readonly name: string; readonly arguments: string }
  | { readonly type: 'refusal'; readonly text: string }
  | { readonly type: 'vectors'; readonly vectors: readonly (readonly number[])[] }
  | { readonly type: 'finish'; readonly reason: FinishReason };

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
    else finish = event.reason;
  }
  if (finish === undefined) throw new Error('an answer ended without its finish');
  return { ...answer, finish };
}

/** An answer that may be stored and replayed: the model said all it wanted, and asked for no tool. */
export function isComplete(events: readonly CallEvent[]): boolean {
  const last = events.at(-1);
  return last?.type === 'finish' && last.reason === 'stop' && !events.some((event) => event.type === 'tool-call');
}
