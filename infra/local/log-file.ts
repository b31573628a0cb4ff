import { appendFile } from 'node:fs/promises';

/** A file of log lines. */
export interface LogFile {
  readonly file: string;
  readonly write: (line: string) => void;
  /** Resolves when every line written so far is in the file. */
  readonly flushed: () => Promise<void>;
}

/** The functions' log lines go to a file: the terminal is for the person. */
export function openLogFile(file: string): LogFile {
  let writing = Promise.resolve();
  return {
    file,
    write: (line: string) => void (writing = writing.then(() => appendFile(file, `${line}\n`)).catch(() => undefined)),
    flushed: () => writing,
  };
}
