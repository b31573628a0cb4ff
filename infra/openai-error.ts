/** An error as OpenAI tells it, and as every SDK of it reads it (https://platform.openai.com/docs/guides/error-codes). */
export interface OpenAiError {
  readonly message: string;
  readonly type: 'invalid_request_error' | 'server_error';
  readonly param: null;
  readonly code: string;
}

/**
 * A problem in OpenAI's words: the member `error` of what a gateway answers by itself, which does not know whose route it
 * answers for.
 */
export function openAiErrorOf(problem: {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}): OpenAiError {
  const { status, code, detail } = problem;
  return { message: detail, type: status < 500 ? 'invalid_request_error' : 'server_error', param: null, code };
}
