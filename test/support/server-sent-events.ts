/** One event of a stream, or one comment between two. */
export interface ServerSentEvent {
  readonly event?: string;
  /** Empty for a comment. */
  readonly data: string;
  readonly id?: string;
  readonly comment?: string;
}

/**
 * Parses a stream of server-sent events as a browser would, but for comments, which it gives as they come. What is not ended by an
 * empty line is no event.
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* parseServerSentEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let unread = '';
  let fields: [name: string, value: string][] = [];
  for await (const chunk of chunks) {
    // A CR at the end may be half of a line break.
    const lines = (unread + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    unread = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith(':')) yield { data: '', comment: withoutSpace(line.slice(1)) };
      else if (line !== '') fields.push(fieldOf(line));
      else {
        const event = eventOf(fields);
        fields = [];
        if (event) yield event;
      }
    }
  }
}

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at), withoutSpace(line.slice(at + 1))];
}

function withoutSpace(text: string): string {
  return text.startsWith(' ') ? text.slice(1) : text;
}

function eventOf(fields: readonly (readonly [string, string])[]): ServerSentEvent | undefined {
  const valuesOf = (wanted: string) => fields.flatMap(([name, value]) => (name === wanted ? [value] : []));
  const data = valuesOf('data');
  if (data.length === 0) return undefined;
  const [event, id] = [valuesOf('event').at(-1), valuesOf('id').at(-1)];
  return { ...(event !== undefined && { event }), data: data.join('\n'), ...(id !== undefined && { id }) };
}
