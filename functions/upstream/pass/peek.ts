import { parseEvent } from '../stream/sse-event.ts';

/** Where in a chunk the words of the model stand: chat's deltas, and those of the Responses API. */
const WRITTEN = /"(?:content|delta|arguments|refusal)"\s*:\s*"/g;
const QUOTE = 34;
const BACKSLASH = 92;

/**
 * How many bytes the model has written in a chunk, found without parsing it.
 * @param text the chunk as latin1: one character a byte
 */
export function deltaBytes(text: string): number {
  let bytes = 0;
  WRITTEN.lastIndex = 0;
  while (WRITTEN.test(text)) {
    const from = WRITTEN.lastIndex;
    let at = from;
    for (let code = text.charCodeAt(at); code !== QUOTE && at < text.length; code = text.charCodeAt(at)) {
      at += code === BACKSLASH ? 2 : 1;
    }
    bytes += at - from;
    WRITTEN.lastIndex = at + 1;
  }
  return bytes;
}

/** The JSON object of an event; undefined when there is none. */
export function dataOf(block: Buffer): object | undefined {
  try {
    const value = JSON.parse(parseEvent(block)?.data ?? '') as unknown;
    return value !== null && typeof value === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}
