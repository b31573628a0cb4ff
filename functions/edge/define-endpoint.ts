import type * as z from 'zod';
import { httpAdapter } from './adapters/http.ts';
import { isSqsEvent, sqsAdapter } from './adapters/sqs.ts';
import type { EndpointDefinition } from './endpoint-definition.ts';
import { entryHandler, type EntryHandler } from './entry-handler.ts';
import { httpChain } from './http-chain.ts';
import identifyPrincipal from './middleware/identify-principal.ts';
import parseBody from './middleware/parse-body.ts';
import validateInput from './middleware/validate-input.ts';
import { createRunEndpoint } from './run-endpoint.ts';
import type { EndpointSpec } from './specs.ts';

/**
 * An endpoint from its definition: a handler for HTTP and for its own queue, and the spec from which everything around it
 * is made.
 *
 * @example
 * // functions/endpoints/haiku.ts → POST /v1/haiku
 * export const { handler, spec } = defineEndpoint({
 *   summary: 'A haiku on a topic.',
 *   input: z.strictObject({ topic: z.string().min(1).max(200) }),
 *   output: z.strictObject({ haiku: z.string() }),
 *   example: { topic: 'rain' },
 *   model: small,
 *   limits: { timeoutMs: 10_000, maxOutputTokens: 100 },
 *   prompt: ({ topic }) => ({ instructions: 'Write a haiku on the topic that the user names.', input: topic }),
 * });
 */
export function defineEndpoint<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
): { readonly handler: EntryHandler; readonly spec: EndpointSpec } {
  const { limits, input } = definition;
  if (typeof definition.run !== 'function' && typeof definition.prompt !== 'function') {
    throw new TypeError('an endpoint needs a function prompt or run');
  }
  const spec: EndpointSpec = {
    kind: 'endpoint',
    summary: definition.summary,
    method: 'POST',
    ...(definition.path !== undefined && { path: definition.path }),
    access: ['caller'],
    input,
    output: definition.output,
    example: definition.example,
    answers: definition.run ? 'run' : definition.fromText ? 'text' : 'json',
    model: definition.model,
    limits,
    ...(definition.deterministic && { deterministic: definition.deterministic }),
    ...(definition.budget && { budget: definition.budget }),
    secret: definition.secret ?? 'openai',
    memoryMb: definition.memoryMb ?? 512,
  };
  const handler = entryHandler((binding) => {
    const { platform } = binding;
    const run = createRunEndpoint(definition, binding);
    const body = parseBody(limits.maxBodyBytes === undefined ? {} : { maxBodyBytes: limits.maxBodyBytes });
    const middlewares = [identifyPrincipal(spec.access), body, validateInput(input, 'body')];
    const http = httpChain(platform.log, middlewares, httpAdapter(run, limits.timeoutMs, platform));
    const sqs = sqsAdapter({ run, input, timeoutMs: limits.timeoutMs }, binding);
    return (event, context) => (isSqsEvent(event) ? sqs(event, context) : http(event, context));
  });
  return { handler, spec };
}
