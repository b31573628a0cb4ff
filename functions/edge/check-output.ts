import type * as z from 'zod';
import { OutputInvalid, OutputRefused } from '#platform/errors.ts';
import type { Answer } from '#protocol/events.ts';

/** An answer that the model gave. @throws OutputRefused when it declined, or a filter cut it */
export function notRefused(answer: Answer): Answer {
  if (answer.finish === 'refusal') throw new OutputRefused('the model declined to answer');
  if (answer.finish === 'content-filter') throw new OutputRefused('the answer was cut by the content filter');
  return answer;
}

/** The same, whole. @throws OutputRefused, OutputInvalid for an answer that is not */
export function usable(answer: Answer): Answer {
  if (answer.finish === 'length')
    throw new OutputInvalid('the answer was cut at the output limit', { reason: 'length' });
  return notRefused(answer);
}

/** @throws OutputInvalid */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new OutputInvalid('the model did not answer in JSON');
  }
}

/** What an endpoint promises, as its schema makes it. @throws OutputInvalid */
export function checkedOutput<Output extends z.ZodType>(schema: Output, value: unknown): z.output<Output> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Places only: the values are the model's, and may repeat the prompt.
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'output');
  throw new OutputInvalid('the answer does not fit the output schema', { fields });
}
