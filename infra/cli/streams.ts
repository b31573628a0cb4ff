import type { Readable, Writable } from 'node:stream';

/** The three streams of a command. Results go to `stdout`, everything that is told to a person to `stderr`. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

/** Writes, and waits until it has been taken: a slow reader slows the writer. @throws when the reader is gone */
export function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
