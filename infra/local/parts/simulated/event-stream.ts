import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';

/** So much of an answer goes into one event. */
const CHARS_PER_PIECE = 24;

/** For aimock's builders, which cut texts through characters: they shall give each text whole. */
export const WHOLE = Number.MAX_SAFE_INTEGER;

/** An event as it goes over the wire. */
export interface StreamEvent {
  text: string;
  /** It bears a piece of the answer, which takes time to write. */
  isPiece: boolean;
}

/** Cuts a text as people read it along: three or four words at a time, and long ones between characters. */
export function inPieces(text: string): string[] {
  const pieces: string[] = [];
  for (const [word] of text.matchAll(/\s*\S{1,24}|\s+/gu)) {
    const grown = (pieces.at(-1) ?? '') + word;
    if (pieces.length > 0 && grown.length <= CHARS_PER_PIECE) pieces[pieces.length - 1] = grown;
    else pieces.push(word);
  }
  return pieces;
}

/** Sends events, each piece of the answer some time after what stands before it. Stops when the reader has gone. */
export async function sendEvents(
  response: ServerResponse,
  events: readonly StreamEvent[],
  pieceEveryMs: number,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  for (const { text, isPiece } of events) {
    if (isPiece) await setTimeout(pieceEveryMs);
    if (response.destroyed) return;
    response.write(text);
  }
  response.end();
}
