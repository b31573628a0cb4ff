import * as z from 'zod';
import * as text from './text-request.ts';

const MAX_CHOICES = 128;

const chatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: text.content })).min(1),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: text.schema.optional() }).optional() })
    .nullish(),
  tools: text.tools,
  tool_choice: text.toolChoice,
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  max_completion_tokens: text.limit,
  max_tokens: text.limit,
  service_tier: text.tier,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
});

/** @throws z.ZodError for a body that is not a Chat Completions request */
export function readChatRequest(body: unknown): text.TextRequest {
  const request = chatRequest.parse(body);
  const format = request.response_format;
  const turns = request.messages.map(({ role, content }) => ({ role, text: text.textOf(content) }));
  return {
    ask: text.toAsk(turns, {
      form: format?.type,
      schema: format?.json_schema?.schema,
      tools: request.tools,
      choice: request.tool_choice,
      maxOutputTokens: request.max_completion_tokens ?? request.max_tokens,
    }),
    model: request.model,
    tier: text.servedTier(request.service_tier),
    isStream: request.stream ?? false,
    wantsUsage: request.stream_options?.include_usage ?? false,
    choices: request.n ?? 1,
    echoed: {},
  };
}
