import type { Writable } from 'node:stream';
import type { QueueResult } from '#edge/queue-message.ts';
import { about } from '../failure.ts';
import { write } from '../streams.ts';
import type { OutgoingLine } from './parse-lines.ts';

/** Writes results as JSON lines: the queue's result with the number of its line before it. */
export interface ResultWriter {
  write(line: OutgoingLine, result: QueueResult): Promise<void>;
  /** Writes what is held back, with gaps where no result came. */
  flush(): Promise<void>;
}

export interface ResultWriterOptions {
  readonly out: Writable;
  /** What `out` is called in an error. */
  readonly name: string;
  readonly lines: readonly OutgoingLine[];
  readonly inOrder: boolean;
}

/** As they arrive; or in the file's order, where a result waits for those of the lines before it. */
export function createResultWriter({ out, name, lines, inOrder }: ResultWriterOptions): ResultWriter {
  const put = (text: string) => about(name, write(out, text));
  const textOf = ({ line }: OutgoingLine, result: QueueResult) => `${JSON.stringify({ line, ...result })}\n`;
  if (!inOrder) return { write: (line, result) => put(textOf(line, result)), flush: async () => {} };

  const waiting = new Map<OutgoingLine, string>();
  let next = 0;
  const writeNext = async () => {
    const line = lines[next++] as OutgoingLine;
    const text = waiting.get(line);
    waiting.delete(line);
    if (text !== undefined) await put(text);
  };
  const nextIsHere = () => next < lines.length && waiting.has(lines[next] as OutgoingLine);
  return {
    async write(line, result) {
      waiting.set(line, textOf(line, result));
      while (nextIsHere()) await writeNext();
    },
    async flush() {
      while (waiting.size > 0) await writeNext();
    },
  };
}
