import type { CallEvent, FinishReason } from '#protocol/events.ts';
import type { PassApi } from '#protocol/request.ts';
import { noUsage, type TokenUsage } from '#protocol/usage.ts';
import { protocolFailure, UpstreamFailure } from '../failure.ts';
import type { Reply } from '../from-openai.ts';
import { usageOfChat, usageOfEmbeddings, usageOfResponse } from '../normalise-usage.ts';
import type { Served } from '../served.ts';
import { finishOfChat, finishOfResponse, type LooseChoice, type LoosePassResponse } from './pass-finish.ts';

interface LooseReply extends LoosePassResponse {
  readonly model?: unknown;
  readonly service_tier?: unknown;
  readonly usage?: unknown;
  readonly choices?: unknown;
  readonly data?: unknown;
  readonly results?: unknown;
}

/**
 * Reads of a reply that is passed on what the ledger and the cache must know; its text goes on as it came.
 * @throws UpstreamFailure (`protocol`) for what is no answer of that API (R9)
 */
export function readPassReply(api: PassApi, text: string, requestId: string | undefined): Reply {
  const body = parsed(text);
  if (!body) throw protocolFailure(requestId);
  const finish = finishOf(api, body);
  const served = servedBy(body, usageOf(api, body), requestId);
  if (api === 'responses' && body.status === 'failed') {
    throw new UpstreamFailure({ class: 'failed', status: 200 }, { served });
  }
  // It may be no whole answer, and tell all the same what it used.
  if (!finish) throw protocolFailure(requestId, served.usage && { served });
  const events: CallEvent[] = [
    { type: 'body', text },
    { type: 'finish', reason: finish },
  ];
  const seen = { outputBytes: Buffer.byteLength(text), pieces: 0, silentMs: 0 };
  return { served, events, ...(!served.usage && { seen }) };
}

/** What a reply, or the first event of a stream, says of itself. */
export function servedBy(body: LooseReply, usage: TokenUsage | undefined, requestId: string | undefined): Served {
  return {
    // A reply that does not name its model was still made by one: it is priced as the one that was asked for.
    model: typeof body.model === 'string' ? body.model : '',
    usage,
    ...(typeof body.service_tier === 'string' && { serviceTier: body.service_tier }),
    ...(requestId !== undefined && { requestId }),
  };
}

/** Undefined: this is no answer of that API. */
function finishOf(api: PassApi, body: LooseReply): FinishReason | undefined {
  switch (api) {
    case 'chat/completions':
      return Array.isArray(body.choices) ? finishOfChat(body.choices as LooseChoice[]) : undefined;
    case 'responses':
      return finishOfResponse(body);
    case 'embeddings':
      return Array.isArray(body.data) ? 'stop' : undefined;
    case 'moderations':
      return Array.isArray(body.results) ? 'stop' : undefined;
  }
}

function usageOf(api: PassApi, { usage }: LooseReply): TokenUsage | undefined {
  switch (api) {
    case 'chat/completions':
      return usageOfChat(usage);
    case 'responses':
      return usageOfResponse(usage);
    case 'embeddings':
      return usageOfEmbeddings(usage);
    case 'moderations':
      // None is ever told, for none is billed.
      return noUsage;
  }
}

function parsed(text: string): LooseReply | undefined {
  try {
    const body = JSON.parse(text) as unknown;
    return body !== null && typeof body === 'object' ? body : undefined;
  } catch {
    return undefined;
  }
}
