import { createInterface } from 'node:readline/promises';
import { UsageFailure } from './failure.ts';
import type { Streams } from './streams.ts';

/**
 * Asks a person for a yes; anything else is a no.
 * @param instead the option that says yes where nobody can be asked
 * @throws UsageFailure where standard input is no terminal
 */
export async function confirm(
  question: string,
  instead: string,
  { stdin, stderr }: Pick<Streams, 'stdin' | 'stderr'>,
): Promise<boolean> {
  if (!stdin.isTTY) throw new UsageFailure(`nobody can be asked here; to go on without a question, say ${instead}`);
  const terminal = createInterface({ input: stdin, output: stderr });
  const closed = new AbortController();
  terminal.once('close', () => closed.abort());
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal: closed.signal })).trim());
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}
