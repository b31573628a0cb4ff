import { APIError } from 'openai/error';

/** The `error` of a reply of OpenAI's. It may quote the request: it is for its author alone, and for no log. */
export interface ToldError {
  readonly message: string;
  readonly type: string | null;
  readonly param: string | null;
  readonly code: string | null;
}

/** What names the deployment and not the request: its organisation, projects and roles, and where a program failed (A6). */
const OURS = /\b(?:org-[\w-]+|proj_\w+|arn:[\w:/.*-]+)|\n\s+at [^\n]*/g;
/** A name, and not a sentence. */
const NAME = /^[\w.[\]-]{1,100}$/;

/** What OpenAI says of a request that it finds invalid; undefined for any other failure, whose words may be about us. */
export function toldBy(error: unknown): ToldError | undefined {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return undefined;
  const { message } = (error.error ?? {}) as { readonly message?: unknown };
  if (typeof message !== 'string') return undefined;
  const { type, param, code } = error;
  return { message: message.replaceAll(OURS, '…'), type: named(type), param: named(param), code: named(code) };
}

function named(word: string | null | undefined): string | null {
  return word !== null && word !== undefined && NAME.test(word) ? word : null;
}
