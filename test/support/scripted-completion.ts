import { createHash } from 'node:crypto';
import type { ScriptedUsage } from './scripted-bill.ts';
import type { Exchange, RequestBody } from './scripted-exchange.ts';
import { inputTexts, lastUserText } from './scripted-messages.ts';
import { fillSchema, type JsonSchema } from './scripted-schema.ts';
import { toWireCalls, type ScriptedToolCall, type WireToolCall } from './scripted-tool-calls.ts';

/** Why the model stopped; `failed` is a reply of status 200 that says that it went wrong (Responses only). */
export type Finish = 'stop' | 'length' | 'content_filter' | 'failed';

/** What the test wants to be said. Everything has a deterministic default. */
export interface Said {
  /** What the model writes, or how it makes that of the last user message. @default a line that differs by input */
  readonly text?: string | ((userText: string) => string);
  /** The same, as a value to be written as JSON. @default the asked schema, filled plainly */
  readonly json?: unknown;
  /** The model refuses, in these words. */
  readonly refusal?: string;
  /** Functions that the model wants called, after its text if it was given one. @default none */
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Overrides of what is counted (four bytes a token); `absent` bills as counted, but reports no usage. */
  readonly usage?: Partial<ScriptedUsage> | 'absent';
  /** The model that serves. @default the one asked for */
  readonly model?: string;
  /** The tier that serves. @default the one asked for, with `auto` served as `default` */
  readonly serviceTier?: string | null;
  /** @default 'stop' */
  readonly finish?: Finish;
  /** Puts members that nobody has heard of into every object of the reply, and of each event. @default false */
  readonly noise?: boolean;
  /** Pads the deltas of a stream as OpenAI does, unless the request forbids it. @default false */
  readonly obfuscation?: boolean;
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
  /** There is a text, be it empty, or a refusal: false where there are only calls. */
  readonly hasText: boolean;
  /** The output or the refusal; grows while it is streamed. */
  text: string;
  /** The same in each choice. */
  readonly toolCalls: readonly WireToolCall[];
  usage: ScriptedUsage;
  readonly reportsUsage: boolean;
  /** Chat only: how many choices were asked for, all with the same text, each billed. */
  readonly choices: number;
  readonly noise: boolean;
  readonly obfuscation: boolean;
}

/** Makes of a request what was scripted or else a plain good answer. */
export function complete({ request }: Exchange, said: Said): Completion {
  const { body } = request;
  const choices = body.n ?? 1;
  const calls = said.toolCalls ?? [];
  const hasText = calls.length === 0 || [said.refusal, said.text, said.json].some((words) => words !== undefined);
  const text = said.refusal ?? (hasText ? writtenText(body, said) : '');
  const toolCalls = toWireCalls(calls, request.requestId);
  return {
    id: request.requestId,
    createdAtSeconds: Math.floor(request.atMs / 1000),
    request: body,
    model: said.model ?? body.model ?? 'unnamed-model',
    serviceTier: said.serviceTier === undefined ? servedTier(body.service_tier) : said.serviceTier,
    finish: said.finish ?? 'stop',
    isRefusal: said.refusal !== undefined,
    hasText,
    text,
    toolCalls,
    usage: usageOf(tokensIn(inputTexts(body).join('')), tokensWritten({ text, toolCalls, choices }), said.usage),
    reportsUsage: said.usage !== 'absent',
    choices,
    noise: said.noise ?? false,
    obfuscation: said.obfuscation === true && body.stream_options?.include_obfuscation !== false,
  };
}

/** Tokens by the upstream's own plain rule: one for every four bytes begun. */
export function tokensIn(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

/** Tokens of all that is written: text, names and arguments of calls, in each choice. */
export function tokensWritten({
  text,
  toolCalls,
  choices,
}: Pick<Completion, 'text' | 'toolCalls' | 'choices'>): number {
  const calls = toolCalls.map((call) => call.name + call.arguments);
  return tokensIn(text + calls.join('')) * choices;
}

/** Usage as counted, with the test's overrides. */
export function usageOf(inputTokens: number, outputTokens: number, overrides: Said['usage']): ScriptedUsage {
  const counted = { inputTokens, outputTokens };
  const none = { cachedTokens: 0, cacheWriteTokens: 0, cacheWrite12hTokens: 0, reasoningTokens: 0 };
  return { ...counted, ...none, ...(overrides === 'absent' ? {} : overrides) };
}

function writtenText(body: RequestBody, said: Said): string {
  if (said.json !== undefined) return JSON.stringify(said.json);
  const userText = lastUserText(body);
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
