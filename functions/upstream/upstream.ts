import type OpenAI from 'openai';
import { startDeadline } from '#platform/deadline.ts';
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
  /** Ends the request, body and all. */
  readonly signal: AbortSignal;
  /** Cuts it short before that. Absent: the signal alone does. */
  readonly timeoutMs?: number;
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

/** The SDK's own timeout ends with a reply's headers, so the one that counts is ours: this is the longest of node's timers. */
const SDK_TIMEOUT_MS = 2 ** 31 - 1;

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
      const cut = timeoutMs === undefined ? undefined : startDeadline(clock, clock.nowMs() + timeoutMs);
      const options = { signal: cut ? AbortSignal.any([signal, cut.signal]) : signal, timeout: SDK_TIMEOUT_MS };
      try {
        if (request.kind === 'embed') {
          const body = await client.embeddings.create(toEmbeddingsParams(request), options);
          return readEmbeddings(body, request.texts.length);
        }
        return readResponse(await client.responses.create(toResponsesParams(request, safetyIdentifier), options));
      } catch (error) {
        if (error instanceof UpstreamFailure) throw error;
        const wasCut = cut?.signal.aborted === true && !signal.aborted;
        throw new UpstreamFailure(wasCut ? { class: 'timeout' } : classifyFailure(error, clock.nowMs()));
      } finally {
        cut?.dispose();
      }
    },
  };
}
