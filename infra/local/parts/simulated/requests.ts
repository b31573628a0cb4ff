import * as z from 'zod';
import type { Ask } from '../simulated-answers.ts';
import type { JsonSchema } from './schema-parts.ts';

const schema = z.custom<JsonSchema>((value) => typeof value === 'object' && value !== null);
const parts = z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]);
const message = z.looseObject({ role: z.string(), content: parts.nullish() });
const limit = z.int().min(1).nullish();
const tier = z.string().nullish();

const responsesRequest = z.looseObject({
  model: z.string(),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(z.union([message, z.looseObject({})]))]),
  text: z.looseObject({ format: z.looseObject({ type: z.string(), schema: schema.optional() }).optional() }).nullish(),
  max_output_tokens: limit,
  service_tier: tier,
  stream: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

const chatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: schema.optional() }).optional() })
    .nullish(),
  max_completion_tokens: limit,
  max_tokens: limit,
  service_tier: tier,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
});

const tokens = z.array(z.int());
const embeddingsRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()).min(1).max(2048), tokens.min(1), z.array(tokens).min(1)]),
  dimensions: z.int().min(1).max(3072).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

const moderationsRequest = z.looseObject({
  model: z.string().optional(),
  input: z.union([
    z.string(),
    z.array(z.string()),
    z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  ]),
});

/** What a request asks for, and how its answer is to be wrapped. */
export interface TextRequest {
  ask: Ask;
  model: string;
  /** The tier that the reply names: what was asked for, or `default`. */
  tier: string;
  isStream: boolean;
  /** Chat only: whether a stream ends with the usage. */
  wantsUsage: boolean;
  metadata: Record<string, string>;
}

/** @throws z.ZodError for a body that is not a Responses request */
export function readResponsesRequest(body: unknown): TextRequest {
  const request = responsesRequest.parse(body);
  const items = typeof request.input === 'string' ? [{ role: 'user', content: request.input }] : request.input;
  const messages = items.flatMap((item) => message.safeParse(item).data ?? []);
  const format = request.text?.format;
  return {
    ask: toAsk(
      [{ role: 'system', content: request.instructions }, ...messages],
      format?.type,
      format?.schema,
      request.max_output_tokens,
    ),
    model: request.model,
    tier: servedTier(request.service_tier),
    isStream: request.stream ?? false,
    wantsUsage: true,
    metadata: request.metadata ?? {},
  };
}

/** @throws z.ZodError for a body that is not a Chat Completions request */
export function readChatRequest(body: unknown): TextRequest {
  const request = chatRequest.parse(body);
  const format = request.response_format;
  return {
    ask: toAsk(
      request.messages,
      format?.type,
      format?.json_schema?.schema,
      request.max_completion_tokens ?? request.max_tokens,
    ),
    model: request.model,
    tier: servedTier(request.service_tier),
    isStream: request.stream ?? false,
    wantsUsage: request.stream_options?.include_usage ?? false,
    metadata: {},
  };
}

/** @returns the texts to embed; tokens become words, so that the same tokens have the same vector */
export function readEmbeddingsRequest(body: unknown) {
  const { model, input, dimensions, encoding_format } = embeddingsRequest.parse(body);
  const list = typeof input === 'string' || typeof input[0] === 'number' ? [input as string | number[]] : input;
  const counts = list.map((item) => (Array.isArray(item) ? item.length : undefined));
  const texts = list.map((item) => (Array.isArray(item) ? item.join(' ') : String(item)));
  return {
    model,
    texts,
    tokenCounts: counts,
    dimensions: dimensions ?? undefined,
    isBase64: encoding_format === 'base64',
  };
}

/** @returns one text for each verdict that is due: parts of one multimodal input are judged together */
export function readModerationsRequest(body: unknown): { model: string; texts: string[] } {
  const { model = 'omni-moderation-latest', input } = moderationsRequest.parse(body);
  if (typeof input === 'string') return { model, texts: [input] };
  if (input.every((item) => typeof item === 'string')) return { model, texts: input };
  return { model, texts: [input.map((item) => item.text ?? '').join('\n')] };
}

type Message = z.infer<typeof message>;

function toAsk(messages: readonly Partial<Message>[], type?: string, wanted?: JsonSchema, max?: number | null): Ask {
  const said = messages.map(({ role, content }) => ({ role, text: textOf(content) }));
  const asked = said.findLast(({ role }) => role === 'user');
  const around = said.filter((part) => part !== asked);
  const form =
    type === 'json_schema' ? wanted : type === 'json_object' ? { type: 'object', required: ['answer'] } : undefined;
  return {
    instructions: around.map(({ text }) => text).join('\n'),
    text: asked?.text ?? '',
    read: said.map(({ text }) => text).join(''),
    ...(form && { schema: form }),
    ...(max && { maxOutputTokens: max }),
  };
}

function textOf(content: Message['content']): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('\n');
}

function servedTier(asked: string | null | undefined): string {
  return asked && asked !== 'auto' ? asked : 'default';
}
