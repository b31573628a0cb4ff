import type OpenAI from 'openai';
import { startDeadline } from '#platform/deadline.ts';
import type { Platform } from '#platform/platform.ts';
import type { LiveEvent } from '#protocol/events.ts';
import type { EmbedRequest, ModelRequest, PassRequest, RespondRequest } from '#protocol/request.ts';
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts';
import { classifyFailure } from './classify-failure.ts';
import { UpstreamFailure } from './failure.ts';
import { readEmbeddings, readResponse, type Reply } from './from-openai.ts';
import { createKeyRing, type KeyRing } from './key-ring.ts';
import { createOpenAiClient } from './openai-client.ts';
import { ChatReader } from './pass/chat-reader.ts';
import { readPassReply } from './pass/read-pass-reply.ts';
import { ResponseReader } from './pass/response-reader.ts';
import { toPassBody } from './pass/to-pass-body.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';
import { Sight } from './seen.ts';
import { AnswerReader } from './stream/answer-reader.ts';
import { receiveStream, type OpenReply } from './stream/receive-stream.ts';
import type { Heard, StreamReader } from './stream/stream-reader.ts';
import { storedKeySource } from './stored-key.ts';
import { toldBy } from './told-error.ts';
import { toEmbeddingsParams, toResponsesParams } from './to-openai.ts';
import { workloadIdentitySource } from './workload-identity.ts';

export interface SendOptions {
  /** Ends the request, body and all. */
  readonly signal: AbortSignal;
  /** Cuts it short before that. Absent: the signal alone does. */
  readonly timeoutMs?: number;
  /** A stable id of the end user for OpenAI's abuse monitoring, at most 128 characters, nothing personal. */
  readonly safetyIdentifier: string;
}

export interface StreamOptions extends SendOptions {
  /** The longest that the model may be silent. */
  readonly idleTimeoutMs: number;
  /** Hears the answer while it is made, and says when there is enough. */
  readonly hear: (event: LiveEvent) => Heard | Promise<Heard>;
  /** The whole of it is wanted at its end too, to be stored. */
  readonly keeps: boolean;
}

/** The way to OpenAI, with what one environment knows of it: key, breaker, retry budget. */
export interface Upstream {
  readonly keys: KeyRing;
  readonly breaker: CircuitBreaker;
  readonly retryBudget: RetryBudget;
  /** One request, once. @throws UpstreamFailure for whatever goes wrong on the wire */
  send(request: ModelRequest, options: SendOptions): Promise<Reply>;
  /** The same as a stream. What `hear` heard stands, also when this throws. @throws UpstreamFailure, with what was seen */
  stream(request: Streamable, options: StreamOptions): Promise<Reply>;
}

/** What can be answered piece by piece. */
export type Streamable = RespondRequest | PassRequest;

/** The SDK's own timeout ends with a reply's headers, so the one that counts is ours: this is the longest of node's timers. */
const SDK_TIMEOUT_MS = 2 ** 31 - 1;

interface Transport {
  readonly client: OpenAI;
  readonly options: { signal: AbortSignal; timeout: number };
  /** Something of the answer is there: from here on the attempt's own time is not looked at any more. */
  readonly begun: () => void;
}

/** Everything is built at the first call: the SDK's client, the key. */
export function createUpstream(platform: Platform): Upstream {
  const { config, clock, random, log, secrets } = platform;
  const { workloadIdentity } = config;
  const source = workloadIdentity
    ? workloadIdentitySource(platform, workloadIdentity)
    : storedKeySource(secrets, config.openaiSecretId);
  const keys = createKeyRing({ source, clock, random, log });
  let client: OpenAI | undefined;

  /** Runs one request within its own time, and tells what went wrong on the wire. */
  const attempt = async (
    { signal, timeoutMs }: SendOptions,
    work: (transport: Transport) => Promise<Reply>,
  ): Promise<Reply> => {
    client ??= createOpenAiClient(config.openaiBaseUrl, keys);
    const cut = timeoutMs === undefined ? undefined : startDeadline(clock, clock.nowMs() + timeoutMs);
    const options = { signal: cut ? AbortSignal.any([signal, cut.signal]) : signal, timeout: SDK_TIMEOUT_MS };
    try {
      return await work({ client, options, begun: () => cut?.dispose() });
    } catch (error) {
      const wasCut = cut?.signal.aborted === true && !signal.aborted;
      if (error instanceof UpstreamFailure) {
        if (!wasCut) throw error;
        throw new UpstreamFailure({ ...error.failure, class: 'timeout' }, error);
      }
      if (wasCut) throw new UpstreamFailure({ class: 'timeout' });
      const failure = classifyFailure(error, clock.nowMs());
      // Of a token any 401 may mean that it has ended; another is made once.
      const isOfToken = workloadIdentity !== undefined && failure.status === 401;
      throw new UpstreamFailure(isOfToken ? { ...failure, class: 'credential' } : failure, { told: toldBy(error) });
    } finally {
      cut?.dispose();
    }
  };

  return {
    keys,
    breaker: createCircuitBreaker(clock),
    retryBudget: createRetryBudget(),
    send: (request, sendOptions) =>
      attempt(sendOptions, (transport) => {
        const { safetyIdentifier } = sendOptions;
        if (request.kind === 'embed') return sendEmbed(request, transport);
        if (request.kind === 'pass') return sendPass(request, safetyIdentifier, transport);
        return sendRespond(request, safetyIdentifier, transport);
      }),
    stream: (request, streamOptions) =>
      attempt(streamOptions, async ({ client: openai, options, begun }) => {
        const { safetyIdentifier, idleTimeoutMs } = streamOptions;
        const body =
          request.kind === 'pass' ? toPassBody(request, safetyIdentifier) : streamedParams(request, safetyIdentifier);
        // From before it is sent: a model may think before it says so much as a head.
        const seen = new Sight(() => clock.nowMs());
        const reply = await post(openai, request.kind === 'pass' ? request.api : 'responses', body, options);
        const requestId = reply.headers.get('x-request-id') ?? undefined;
        const hear = (event: LiveEvent) => {
          begun();
          return streamOptions.hear(event);
        };
        const reader = readerFor(request, { ...streamOptions, hear }, requestId, seen);
        return receiveStream(reply, reader, { clock, idleTimeoutMs, signal: options.signal });
      }),
  };
}

async function sendEmbed(request: EmbedRequest, { client, options }: Transport): Promise<Reply> {
  return readEmbeddings(await client.embeddings.create(toEmbeddingsParams(request), options), request.texts.length);
}

async function sendRespond(
  request: RespondRequest,
  safetyIdentifier: string,
  { client, options }: Transport,
): Promise<Reply> {
  return readResponse(await client.responses.create(toResponsesParams(request, safetyIdentifier), options));
}

async function sendPass(
  request: PassRequest,
  safetyIdentifier: string,
  { client, options }: Transport,
): Promise<Reply> {
  const reply = await post(client, request.api, toPassBody(request, safetyIdentifier), options);
  return readPassReply(request.api, await reply.text(), reply.headers.get('x-request-id') ?? undefined);
}

function streamedParams(request: RespondRequest, safetyIdentifier: string): string {
  return JSON.stringify({ ...toResponsesParams(request, safetyIdentifier), stream: true });
}

/** Sends JSON as it is, and gives the reply as soon as its head is there. Errors are the SDK's, as for any other request. */
async function post(client: OpenAI, api: string, body: string, options: Transport['options']) {
  const headers = { 'content-type': 'application/json' };
  const reply: unknown = await client.post(`/${api}`, { body, headers, ...options }).asResponse();
  return reply as OpenReply & { text(): Promise<string> };
}

function readerFor(
  request: Streamable,
  { hear, keeps }: StreamOptions,
  requestId: string | undefined,
  seen: Sight,
): StreamReader {
  if (request.kind === 'respond') return new AnswerReader({ requestId, seen, hear });
  const { wantsUsage, choices } = request;
  const options = { requestId, seen, hear, keeps, wantsUsage, choices };
  return request.api === 'chat/completions' ? new ChatReader(options) : new ResponseReader(options);
}
