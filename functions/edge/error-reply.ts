import type { ToErrorReply } from './middleware/problem-replies.ts';
import { toOpenAiError } from './openai/openai-error.ts';
import { toProblem } from './problem.ts';
import type { ErrorForm } from './specs.ts';

/** How a route tells its errors. */
export function errorReplyOf(form: ErrorForm = 'problem'): ToErrorReply {
  return form === 'openai' ? toOpenAiError : toProblem;
}
