import type { FinishReason } from '#protocol/events.ts';

/** A choice of Chat Completions, whole or in a chunk. */
export interface LooseChoice {
  readonly index?: unknown;
  readonly finish_reason?: unknown;
  readonly message?: LooseMessage | null;
}

interface LooseMessage {
  readonly refusal?: unknown;
  readonly tool_calls?: unknown;
  readonly function_call?: unknown;
}

/** A response object as it arrives. */
export interface LoosePassResponse {
  readonly status?: unknown;
  readonly output?: unknown;
  readonly incomplete_details?: { readonly reason?: unknown } | null;
}

/** How all choices of a completion ended: `stop` only when each of them did. Undefined: some of them did not end. */
export function finishOfChat(choices: readonly LooseChoice[]): FinishReason | undefined {
  const reasons = choices.map(reasonOf);
  if (reasons.length === 0 || reasons.includes(undefined)) return undefined;
  return reasons.find((reason) => reason !== 'stop') ?? 'stop';
}

function reasonOf({ finish_reason: reason, message }: LooseChoice): FinishReason | undefined {
  switch (reason) {
    case 'stop':
      // A tool that the caller demanded ends so too.
      if (asksForTool(message)) return 'tool-calls';
      return typeof message?.refusal === 'string' ? 'refusal' : 'stop';
    case 'length':
      return 'length';
    case 'content_filter':
      return 'content-filter';
    case 'tool_calls':
    case 'function_call':
      return 'tool-calls';
    default:
      // A reason that is not known yet: an answer, but none to keep.
      return typeof reason === 'string' ? 'tool-calls' : undefined;
  }
}

function asksForTool(message: LooseMessage | null | undefined): boolean {
  const calls = message?.tool_calls;
  return (Array.isArray(calls) && calls.length > 0) || (message?.function_call ?? null) !== null;
}

/** How a response ended. Undefined: it did not, or it failed. */
export function finishOfResponse(response: LoosePassResponse): FinishReason | undefined {
  if (response.status === 'incomplete') {
    return response.incomplete_details?.reason === 'content_filter' ? 'content-filter' : 'length';
  }
  if (response.status !== 'completed' || !Array.isArray(response.output)) return undefined;
  const items = response.output as ({ type?: unknown; content?: unknown } | null)[];
  if (items.some((item) => item?.type === 'message' && isRefusal(item.content))) return 'refusal';
  // What is neither text nor thinking asks for something to be done.
  return items.every((item) => item?.type === 'message' || item?.type === 'reasoning') ? 'stop' : 'tool-calls';
}

function isRefusal(content: unknown): boolean {
  return Array.isArray(content) && (content as ({ type?: unknown } | null)[]).some((part) => part?.type === 'refusal');
}
