import * as z from 'zod';
import type { Ask } from '#call/call.ts';
import { finishOf } from '#protocol/events.ts';
import type { RedactPolicy } from '#platform/redact-policy.ts';
import type { PassApi, PassRequest } from '#protocol/request.ts';
import { termsOf } from '../endpoint-terms.ts';
import { entryHandler, streamingEntryHandler, type Binding, type EntryHandler } from '../entry-handler.ts';
import { httpChain, type ChainParts } from '../http-chain.ts';
import countRate from '../middleware/count-rate.ts';
import identifyPrincipal from '../middleware/identify-principal.ts';
import parseBody from '../middleware/parse-body.ts';
import { createRunEndpoint, type WorkOf } from '../run-endpoint.ts';
import type { EndpointBudget, EndpointLimits, EndpointSpec, StreamLimits } from '../specs.ts';
import { streamingChain } from '../streaming-chain.ts';
import { openAiAdapter } from './openai-adapter.ts';
import { toOpenAiError } from './openai-error.ts';

/** All that an OpenAI-compatible route says of itself. */
export interface OpenAiEndpointDefinition {
  /** One sentence, for the documentation. */
  readonly summary: string;
  readonly api: PassApi;
  /** A request that works: documentation, the contract tests. */
  readonly example: Readonly<Record<string, unknown>>;
  readonly limits: EndpointLimits;
  /** Its route streams, and so a reply may have any size. Absent: replies are buffered, within Lambda's 6 MB. */
  readonly stream?: StreamLimits;
  /** What it may spend. Absent: no limit. */
  readonly budget?: EndpointBudget;
  /** What the model may see of secrets and personal data. A caller's own policy may be stricter. @default 'off' */
  readonly redact?: RedactPolicy;
  /** What the model itself writes is masked as well, for good. @default false */
  readonly redactOutput?: boolean;
  /** The secret with the OpenAI key. @default 'openai', shared by all that name none */
  readonly secret?: string;
  /** @default 512 */
  readonly memoryMb?: number;
}

/** Bodies bear pictures; API Gateway and Lambda take some 4.5 MB of them. */
const MAX_BODY_BYTES = 4_500_000;

/**
 * A route that speaks as OpenAI does: any SDK of OpenAI's that is pointed at it is answered by OpenAI, through the same budget,
 * deadline, cache and ledger as any endpoint. What Weir does not know of a request or a reply passes as it is.
 *
 * @example
 * // functions/endpoints/openai/embeddings.ts → POST /openai/v1/embeddings
 */
export function defineOpenAiEndpoint(definition: OpenAiEndpointDefinition): {
  readonly handler: EntryHandler;
  readonly spec: EndpointSpec;
} {
  const spec = specOf(definition);
  const chainOf = ({ name, platform }: Binding): ChainParts => {
    const run = createRunEndpoint(termsOf(name, spec, 1), passOn, platform);
    const body = parseBody({ ...spec.limits, isPassedOn: true });
    return {
      log: platform.log,
      config: platform.config,
      middlewares: [identifyPrincipal(spec.access, platform.config), countRate(platform), body],
      answer: openAiAdapter(run, { api: definition.api, ...spec }, platform),
      toErrorReply: toOpenAiError,
    };
  };
  const handler = definition.stream
    ? streamingEntryHandler((binding) => streamingChain(chainOf(binding)))
    : entryHandler((binding) => httpChain(chainOf(binding)));
  return { handler, spec };
}

/** Its work is the request itself; its output is OpenAI's reply, as it came. */
const passOn: WorkOf =
  (request, { listener }) =>
  async (ask: Ask) => {
    const events = await ask(request as PassRequest, { fallbackModels: [], ...(listener && { listener }) });
    if (finishOf(events) === undefined) throw new Error('an answer ended without its finish');
    return events.map((event) => (event.type === 'body' ? event.text : '')).join('');
  };

function specOf(definition: OpenAiEndpointDefinition): EndpointSpec {
  const { summary, api, example, limits, stream, budget, secret = 'openai', memoryMb = 512 } = definition;
  const { redact = 'off', redactOutput = false } = definition;
  return {
    kind: 'endpoint',
    summary,
    method: 'POST',
    path: `/openai/v1/${api}`,
    access: ['caller'],
    input: ANY_OBJECT,
    output: ANY_OBJECT,
    example,
    answers: 'openai',
    limits: { maxBodyBytes: MAX_BODY_BYTES, ...limits },
    ...(stream && { stream }),
    cachesOnRequest: true,
    hasQueue: false,
    errors: 'openai',
    ...(budget && { budget }),
    redact,
    redactsOutput: redactOutput,
    secret,
    memoryMb,
  };
}

const ANY_OBJECT = z.record(z.string(), z.unknown());
