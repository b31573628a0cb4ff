import { createHash } from 'node:crypto';
import type { ScriptedUsage } from './scripted-bill.ts';
import type { Exchange, RequestBody } from './scripted-exchange.ts';
import { fillSchema, type JsonSchema } from './scripted-schema.ts';

/** Why the model stopped; `failed` is a reply of status 200 that says that it went wrong (Responses only). */
export type Finish = 'stop' | 'length' | 'content_filter' | 'failed';

/** How a stream of events closes: with its terminal events, with an error event, or not at all. */
export type Closing = 'complete' | 'error-event' | 'none';

/** What the test wants to be said. Everything has a deterministic default. */
export interface Said {
  /** What the model writes, or how it makes that of the last user message. @default a line that differs by input */
  readonly text?: string | ((userText: string) => string);
  /** The same, as a value to be written as JSON. @default the asked schema, filled plainly */
  readonly json?: unknown;
  /** The model refuses, in these words. */
  readonly refusal?: string;
  /** Overrides of what is counted (four bytes a token); `absent` bills as counted, but reports no usage. */
  readonly usage?: Partial<ScriptedUsage> | 'absent';
  /** The model that serves. @default the one asked for */
  readonly model?: string;
  /** The tier that serves. @default the one asked for, with `auto` served as `default` */
  readonly serviceTier?: string | null;
  /** @default 'stop' */
  readonly finish?: Finish;
}

/** What a model made of a request, before it takes the shape of either API. */
export interface Completion {
  /** Unique among the upstream's replies; to be prefixed as the API does. */
  readonly id: string;
  readonly createdAtSeconds: number;
  readonly request: RequestBody;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly finish: Finish;
  readonly isRefusal: boolean;
  /** The output or the refusal; grows while it is streamed. */
  text: string;
  usage: ScriptedUsage;
  readonly reportsUsage: boolean;
  /** Chat only: how many choices were asked for, all with the same text, each billed. */
  readonly choices: number;
}

/** Makes of a request what was scripted or else a plain good answer. */
export function complete({ request }: Exchange, said: Said): Completion {
  const { body } = request;
  const choices = body.n ?? 1;
  const text = said.refusal ?? writtenText(body, said);
  return {
    id: request.requestId,
    createdAtSeconds: Math.floor(request.atMs / 1000),
    request: body,
    model: said.model ?? body.model ?? 'unnamed-model',
    serviceTier: said.serviceTier === undefined ? servedTier(body.service_tier) : said.serviceTier,
    finish: said.finish ?? 'stop',
    isRefusal: said.refusal !== undefined,
    text,
    usage: usageOf(tokensIn(inputTexts(body).join('')), tokensIn(text) * choices, said.usage),
    reportsUsage: said.usage !== 'absent',
    choices,
  };
}

/** Tokens by the upstream's own plain rule: one for every four bytes begun. */
export function tokensIn(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

/** Usage as counted, with the test's overrides. */
export function usageOf(inputTokens: number, outputTokens: number, overrides: Said['usage']): ScriptedUsage {
  const counted = { inputTokens, outputTokens };
  const none = { cachedTokens: 0, cacheWriteTokens: 0, cacheWrite12hTokens: 0, reasoningTokens: 0 };
  return { ...counted, ...none, ...(overrides === 'absent' ? {} : overrides) };
}

/** Every text of a request that a model reads, its instructions first. */
export function inputTexts(body: RequestBody): string[] {
  const instructions = body.instructions === undefined ? [] : [body.instructions];
  return [...instructions, ...messagesOf(body).map(({ text }) => text)];
}

function writtenText(body: RequestBody, said: Said): string {
  if (said.json !== undefined) return JSON.stringify(said.json);
  const userText = messagesOf(body).findLast(({ role }) => role === 'user')?.text ?? '';
  if (typeof said.text === 'function') return said.text(userText);
  if (said.text !== undefined) return said.text;
  const format = body.text?.format ?? body.response_format;
  if (format?.type === 'json_object') return '{}';
  if (format?.type === 'json_schema') return JSON.stringify(fillSchema(schemaOf(body), itemsIn(userText)));
  // Told apart by input, so that replies that were swapped between two callers are noticed.
  return `Scripted answer ${createHash('sha256').update(inputTexts(body).join('\n')).digest('hex').slice(0, 8)}.`;
}

function schemaOf(body: RequestBody): JsonSchema {
  return body.text?.format?.schema ?? body.response_format?.json_schema?.schema ?? {};
}

function itemsIn(userText: string): number | undefined {
  try {
    const value: unknown = JSON.parse(userText);
    return Array.isArray(value) ? value.length : undefined;
  } catch {
    return undefined;
  }
}

function servedTier(asked: string | undefined): string {
  return asked === undefined || asked === 'auto' ? 'default' : asked;
}

interface Message {
  readonly role: string;
  readonly text: string;
}

function messagesOf(body: RequestBody): Message[] {
  const written = body.input ?? body.messages;
  if (typeof written === 'string') return [{ role: 'user', text: written }];
  return Array.isArray(written) ? written.map(messageOf) : [];
}

/** Messages of either API, and the items of a tool's use, whose text stands in `arguments` or `output`. */
function messageOf(item: { role?: string; content?: unknown; output?: unknown; arguments?: unknown }): Message {
  return { role: item.role ?? 'tool', text: textOf(item.content ?? item.output ?? item.arguments) };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map(textOf).join('');
  if (typeof content !== 'object' || content === null || !('text' in content)) return '';
  return typeof content.text === 'string' ? content.text : '';
}
