import type { CallEvent, FinishReason } from '#protocol/events.ts';
import type { TokenUsage } from '#protocol/usage.ts';
import { UpstreamFailure } from './failure.ts';
import { usageOfEmbeddings, usageOfResponse } from './normalise-usage.ts';
import type { Seen } from './seen.ts';
import type { Served } from './served.ts';

export interface Reply {
  readonly served: Served;
  readonly events: readonly CallEvent[];
  /** Of a reply without usage, where its events do not tell what was seen of it. */
  readonly seen?: Seen;
  /** Whoever heard it had enough: its events are those that were heard. @default false */
  readonly isCutShort?: boolean;
}

/** Replies as they arrive: nothing about their shape is taken for granted. */
interface LooseResponse {
  readonly object?: unknown;
  readonly model?: unknown;
  readonly status?: unknown;
  readonly service_tier?: unknown;
  readonly usage?: unknown;
  readonly output?: unknown;
  readonly error?: { readonly code?: unknown } | null;
  readonly incomplete_details?: { readonly reason?: unknown } | null;
  readonly _request_id?: unknown;
}
interface LooseItem {
  readonly type?: unknown;
  readonly content?: unknown;
  readonly call_id?: unknown;
  readonly name?: unknown;
  readonly arguments?: unknown;
}
interface LoosePart {
  readonly type?: unknown;
  readonly text?: unknown;
  readonly refusal?: unknown;
}

/** Reads a reply of the Responses API. @throws UpstreamFailure (`protocol`) for anything that is no finished answer (R9) */
export function readResponse(body: unknown): Reply {
  const response = asObject(body) as LooseResponse;
  const output = response.output;
  if (response.object !== 'response' || !Array.isArray(output) || typeof response.model !== 'string')
    throw protocolError(response);
  const served = servedBy(response, response.model, usageOfResponse(response.usage));
  if (response.status === 'failed') throw failedResponse(response, served);
  if (response.status !== 'completed' && response.status !== 'incomplete') throw protocolError(response);
  const events = (output as unknown[]).flatMap((item) => eventsOfItem(item, response));
  events.push({ type: 'finish', reason: finishOf(response, events) });
  return { served, events };
}

/** Reads a reply of the Embeddings API. @throws UpstreamFailure (`protocol`) when there is not one vector a text */
export function readEmbeddings(body: unknown, textCount: number): Reply {
  const reply = asObject(body) as { data?: unknown; model?: unknown; usage?: unknown; _request_id?: unknown };
  if (!Array.isArray(reply.data) || reply.data.length !== textCount || typeof reply.model !== 'string')
    throw protocolError(reply);
  const rows = reply.data.map((row) => asObject(row) as { index: number; embedding: number[] });
  rows.sort((a, b) => a.index - b.index);
  if (rows.some((row, position) => row.index !== position || !isVector(row.embedding))) throw protocolError(reply);
  const events: CallEvent[] = [
    { type: 'vectors', vectors: rows.map((row) => row.embedding) },
    { type: 'finish', reason: 'stop' },
  ];
  return { served: servedBy(reply, reply.model, usageOfEmbeddings(reply.usage)), events };
}

function eventsOfItem(item: unknown, response: LooseResponse): CallEvent[] {
  const { type, content, call_id: callId, name, arguments: args } = asObject(item) as LooseItem;
  const text = (value: unknown) => textOf(value, response);
  if (type === 'message') {
    if (!Array.isArray(content)) throw protocolError(response);
    return (content as unknown[]).flatMap((part) => eventsOfPart(part, response));
  }
  if (type !== 'function_call') return [];
  return [{ type: 'tool-call', callId: text(callId), name: text(name), arguments: text(args) }];
}

function eventsOfPart(part: unknown, response: LooseResponse): CallEvent[] {
  const { type, text, refusal } = asObject(part) as LoosePart;
  if (type === 'output_text') return [{ type: 'text', text: textOf(text, response) }];
  if (type === 'refusal') return [{ type: 'refusal', text: textOf(refusal, response) }];
  return [];
}

/** A part whose text is missing is no answer: `String(undefined)` would be one. */
function textOf(value: unknown, response: LooseResponse): string {
  if (typeof value === 'string') return value;
  throw protocolError(response);
}

function finishOf(response: LooseResponse, events: readonly CallEvent[]): FinishReason {
  if (response.status === 'incomplete') {
    return response.incomplete_details?.reason === 'content_filter' ? 'content-filter' : 'length';
  }
  if (events.some((event) => event.type === 'refusal')) return 'refusal';
  return events.some((event) => event.type === 'tool-call') ? 'tool-calls' : 'stop';
}

function servedBy(
  reply: { service_tier?: unknown; _request_id?: unknown },
  model: string,
  usage: TokenUsage | undefined,
): Served {
  return {
    model,
    usage,
    ...(typeof reply.service_tier === 'string' && { serviceTier: reply.service_tier }),
    ...(typeof reply._request_id === 'string' && { requestId: reply._request_id }),
  };
}

/** A response object that says it failed, under HTTP 200. What it used, if anything, is billed. */
function failedResponse(response: LooseResponse, served: Served): UpstreamFailure {
  const throttled = response.error?.code === 'rate_limit_exceeded';
  const { requestId } = served;
  const failure = { status: 200, ...(requestId !== undefined && { requestId }) };
  return new UpstreamFailure({ class: throttled ? 'throttled' : 'failed', ...failure }, { served });
}

function asObject(body: unknown): object {
  if (body === null || typeof body !== 'object') throw protocolError({});
  return body;
}

function protocolError(reply: { _request_id?: unknown }): UpstreamFailure {
  const requestId = reply._request_id;
  return new UpstreamFailure({ class: 'protocol', status: 200, ...(typeof requestId === 'string' && { requestId }) });
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((component) => typeof component === 'number');
}
