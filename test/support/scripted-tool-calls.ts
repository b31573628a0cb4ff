/** A function that the model wants called. */
export interface ScriptedToolCall {
  readonly name: string;
  /** A text goes as it is, so that it need not be JSON; anything else as JSON. */
  readonly arguments: unknown;
}

/** A call as it goes over the wire. */
export interface WireToolCall {
  readonly callId: string;
  readonly name: string;
  /** Grows while it is streamed. */
  arguments: string;
}

/** A part of an output, in the order in which it is written: of its text, or of the arguments of one of its calls. */
export type Piece =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'arguments'; at: number; readonly text: string };

/** So many characters of a call's arguments go into one event. */
const pieceLength = 6;

/** Gives each call an id that no other reply has. */
export function toWireCalls(calls: readonly ScriptedToolCall[], completionId: string): WireToolCall[] {
  return calls.map((call, at) => ({
    callId: `call_${completionId}_${at}`,
    name: call.name,
    arguments: typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
  }));
}

/** The text, and then the arguments of each call, in pieces. */
export async function* piecesOf(
  texts: Iterable<string> | AsyncIterable<string>,
  calls: readonly WireToolCall[],
): AsyncGenerator<Piece> {
  for await (const text of texts) yield { kind: 'text', text };
  for (const [at, call] of calls.entries()) {
    // Between characters, as a model's tokens mostly are.
    const characters = Array.from(call.arguments);
    for (let start = 0; start < characters.length; start += pieceLength)
      yield { kind: 'arguments', at, text: characters.slice(start, start + pieceLength).join('') };
  }
}
