import type OpenAI from 'openai';
import type { Platform } from '#platform/platform.ts';
import type { ModelRequest } from '#protocol/request.ts';
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts';
import { classifyFailure } from './classify-failure.ts';
import { UpstreamFailure } from './failure.ts';
import { readEmbeddings, readResponse, type Reply } from './from-openai.ts';
import { createKeyRing, type KeyRing } from './key-ring.ts';
import { createOpenAiClient } from './openai-client.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';
import { toEmbeddingsParams, toResponsesParams } from './to-openai.ts';

export interface SendOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** A stable id of the end user for OpenAI's abuse monitoring, at most 128 characters, nothing personal. */
  readonly safetyIdentifier: string;
}

/** The way to OpenAI, with what one environment knows of it: key, breaker, retry budget. */
export interface Upstream {
  readonly keys: KeyRing;
  readonly breaker: CircuitBreaker;
  readonly retryBudget: RetryBudget;
  /** One request, once. @throws UpstreamFailure for whatever goes wrong on the wire */
  send(request: ModelRequest, options: SendOptions): Promise<Reply>;
}

/** Everything is built at the first call: the SDK's client, the key. */
export function createUpstream({ config, clock, random, log, secrets }: Platform): Upstream {
  const keys = createKeyRing({ secrets, secretId: config.openaiSecretId, clock, random, log });
  let client: OpenAI | undefined;
  return {
    keys,
    breaker: createCircuitBreaker(clock),
    retryBudget: createRetryBudget(),
    async send(request, { signal, timeoutMs, safetyIdentifier }) {
      client ??= createOpenAiClient(config.openaiBaseUrl, keys);
      const options = { signal, timeout: timeoutMs };
      try {
        if (request.kind === 'embed') {
          const body = await client.embeddings.create(toEmbeddingsParams(request), options);
          return readEmbeddings(body, request.texts.length);
        }
        return readResponse(await client.responses.create(toResponsesParams(request, safetyIdentifier), options));
      } catch (error) {
        throw error instanceof UpstreamFailure ? error : new UpstreamFailure(classifyFailure(error, clock.nowMs()));
      }
    },
  };
}
