/** One event, as its block says. Ids and times to reconnect are for clients that reconnect. */
export interface ServerSentEvent {
  /** Its name; undefined where it has none, or an empty one: a `message`. */
  readonly event: string | undefined;
  readonly data: string;
}

const COLON = 58;
const SPACE = 32;

/**
 * Reads a block of `EventFramer`. Undefined: it holds no data, and so no event (comments, blank lines, a byte order mark).
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export function parseEvent(block: Buffer): ServerSentEvent | undefined {
  const decoded = block.toString();
  const text = decoded.includes('\r') ? decoded.replace(/\r\n?/g, '\n') : decoded;
  let event: string | undefined;
  let data: string | undefined;
  for (let at = 0; at < text.length;) {
    const lineFeed = text.indexOf('\n', at);
    const end = lineFeed < 0 ? text.length : lineFeed;
    const line = valueOf('data', text, at, end);
    if (line !== undefined) data = data === undefined ? line : `${data}\n${line}`;
    else event = valueOf('event', text, at, end) ?? event;
    at = end + 1;
  }
  return data === undefined ? undefined : { event: event === '' ? undefined : event, data };
}

/** The value of a line, where it is of that field. */
function valueOf(field: string, text: string, start: number, end: number): string | undefined {
  if (!text.startsWith(field, start)) return undefined;
  const nameEnd = start + field.length;
  if (nameEnd === end) return '';
  if (text.charCodeAt(nameEnd) !== COLON) return undefined;
  const from = nameEnd + 1;
  return text.slice(text.charCodeAt(from) === SPACE ? from + 1 : from, end);
}
