import type * as z from 'zod';
import { httpAdapter } from './adapters/http.ts';
import { isSqsEvent, sqsAdapter } from './adapters/sqs.ts';
import type { EndpointDefinition } from './endpoint-definition.ts';
import { endpointWork } from './endpoint-work.ts';
import { termsOf } from './endpoint-terms.ts';
import {
  entryHandler,
  streamingEntryHandler,
  type Binding,
  type EntryHandler,
  type LambdaHandler,
} from './entry-handler.ts';
import { errorReplyOf } from './error-reply.ts';
import { httpChain, type ChainParts } from './http-chain.ts';
import { writeJson } from './lambda-stream.ts';
import countRate from './middleware/count-rate.ts';
import identifyPrincipal from './middleware/identify-principal.ts';
import parseBody from './middleware/parse-body.ts';
import takeStreamWish from './middleware/take-stream-wish.ts';
import validateInput from './middleware/validate-input.ts';
import { createRunEndpoint, type WorkOf } from './run-endpoint.ts';
import type { EndpointSpec } from './specs.ts';
import { streamingChain } from './streaming-chain.ts';
import { onTrial } from './trial.ts';

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
  if (typeof definition.run !== 'function' && typeof definition.prompt !== 'function') {
    throw new TypeError('an endpoint needs a function prompt or run');
  }
  const spec = specOf(definition);
  const { limits, input, stream } = spec;
  const parts = ({ name, platform, trial }: Binding) => {
    const tried = trial ? onTrial(definition, trial) : definition;
    const workOf: WorkOf = (given, ways) => endpointWork(tried, given as z.output<Input>, ways);
    const terms = { ...termsOf(name, spec, definition.version ?? 1), ...(trial && { tags: trial.tags }) };
    const run = createRunEndpoint(terms, workOf, platform);
    const body = parseBody(limits.maxBodyBytes === undefined ? {} : { maxBodyBytes: limits.maxBodyBytes });
    const wish = stream ? [takeStreamWish(spec.answers)] : [];
    const middlewares = [
      identifyPrincipal(spec.access, platform.config),
      countRate(platform),
      body,
      ...wish,
      validateInput(input, 'body'),
    ];
    const answer = httpAdapter(run, spec, platform);
    const { log, config } = platform;
    const chain: ChainParts = { log, config, middlewares, answer, toErrorReply: errorReplyOf(spec.errors) };
    return {
      chain,
      sqs: sqsAdapter({ run, input, redact: spec.redact, timeoutMs: limits.timeoutMs }, { name, platform }),
    };
  };
  return { handler: stream ? streamingHandler(parts) : bufferedHandler(parts), spec };
}

type PartsOf = (binding: Binding) => { readonly chain: ChainParts; readonly sqs: LambdaHandler };

function bufferedHandler(partsOf: PartsOf): EntryHandler {
  return entryHandler((binding) => {
    const { chain, sqs } = partsOf(binding);
    const http = httpChain(chain);
    return (event, context) => (isSqsEvent(event) ? sqs(event, context) : http(event, context));
  });
}

function streamingHandler(partsOf: PartsOf): EntryHandler {
  return streamingEntryHandler((binding) => {
    const { chain, sqs } = partsOf(binding);
    const http = streamingChain(chain);
    return (event, responseStream, context) => {
      if (!isSqsEvent(event)) return http(event, responseStream, context);
      return writeJson(responseStream, sqs(event, context));
    };
  });
}

function specOf<Input extends z.ZodType, Output extends z.ZodType>(
  definition: EndpointDefinition<Input, Output>,
): EndpointSpec {
  const { summary, path, input, output, example, evaluations, model, limits, stream, deterministic, budget } =
    definition;
  return {
    kind: 'endpoint',
    summary,
    method: 'POST',
    ...(path !== undefined && { path }),
    access: ['caller'],
    input,
    output,
    example,
    ...(evaluations && { evaluations }),
    answers: definition.run ? 'run' : definition.fromText ? 'text' : 'json',
    model,
    limits,
    ...(stream && { stream }),
    ...(deterministic && { deterministic }),
    cachesOnRequest: definition.keepsAnswers ?? false,
    hasQueue: true,
    errors: 'problem',
    ...(budget && { budget }),
    redact: definition.redact ?? 'off',
    redactsOutput: definition.redactOutput ?? false,
    secret: definition.secret ?? 'openai',
    memoryMb: definition.memoryMb ?? 512,
  };
}
