import type { Writable } from 'node:stream';
import type { QueueResult } from '#edge/adapters/sqs.ts';
import { write } from '../streams.ts';
import type { OutgoingLine } from './parse-lines.ts';

/** Writes results as JSON lines: the queue's result with the number of its line before it. */
export interface ResultWriter {
  write(line: OutgoingLine, result: QueueResult): Promise<void>;
  /** Writes what is held back, with gaps where no result came. */
  flush(): Promise<void>;
}

/** As they arrive; or in the file's order, where a result waits for those of the lines before it. */
export function createResultWriter(out: Writable, lines: readonly OutgoingLine[], inOrder: boolean): ResultWriter {
  const textOf = ({ line }: OutgoingLine, result: QueueResult) => `${JSON.stringify({ line, ...result })}\n`;
  if (!inOrder) return { write: (line, result) => write(out, textOf(line, result)), flush: async () => {} };

  const waiting = new Map<OutgoingLine, string>();
  let next = 0;
  const writeNext = async () => {
    const line = lines[next++] as OutgoingLine;
    const text = waiting.get(line);
    waiting.delete(line);
    if (text !== undefined) await write(out, text);
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
