import { APIError } from 'openai/error';

/** The `error` of a reply of OpenAI's. It may quote the request: it is for its author alone, and for no log. */
export interface ToldError {
  readonly message: string;
  readonly type: string | null;
  readonly param: string | null;
  readonly code: string | null;
}

/** What OpenAI says of a request that it finds invalid; undefined for any other failure, whose words may be about us. */
export function toldBy(error: unknown): ToldError | undefined {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return undefined;
  const { message } = (error.error ?? {}) as { readonly message?: unknown };
  if (typeof message !== 'string') return undefined;
  return { message, type: error.type ?? null, param: error.param ?? null, code: error.code ?? null };
}
