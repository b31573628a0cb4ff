import { createRedactor } from '#redaction/redactor.ts';

const redactor = createRedactor();

/** What `weir` ends with: all is well, something failed, the command itself is wrong, Ctrl-C. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error whose message is the one line that the person at the terminal reads. */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.name = 'CliFailure';
    this.exitCode = exitCode;
  }
}

/** The command was not meant like that: nothing has been done yet. */
export class UsageFailure extends CliFailure {
  constructor(message: string) {
    super(message, EXIT.usage);
  }
}

/** Waits for what is done to a thing, and names the thing should it fail. @throws CliFailure; an abort passes as it is */
export async function about<T>(thing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CliFailure || isAbort(error)) throw error;
    throw new CliFailure(`${thing}: ${reasonOf(error)}`);
  }
}

/** Somebody called the work off: no fault of its own. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Any error as one line: no stack, no line break, and secrets masked. */
export function oneLine(text: string): string {
  return redactor.redact(text.replaceAll(/\s+/g, ' ').trim()).text;
}

/** What went wrong, in words, for the errors that one meets with AWS, sockets and files. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something went wrong';
  if (error.name === 'CredentialsProviderError') {
    return 'no AWS credentials were found; sign in (aws sso login) or set AWS_PROFILE';
  }
  const root = rootOf(error);
  const { code } = root as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return `${root.message}: nothing listens there; is Weir running (npm start)?`;
  if (code === 'EPIPE') return 'its reader is gone';
  const isAws = '$metadata' in error;
  return isAws ? `${error.name}: ${error.message}` : root.message || (code ?? root.name);
}

/** The error that all others come from: fetch says why in its cause; a name with two addresses fails with one error for each. */
export function rootOf(error: Error): Error {
  const next: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return next instanceof Error ? rootOf(next) : error;
}
