import * as z from 'zod';
import * as text from './text-request.ts';

const message = z.looseObject({ role: z.string(), content: text.content });
const toolResult = z.looseObject({ type: z.literal('function_call_output'), output: text.content });

const responsesRequest = z.looseObject({
  model: z.string(),
  instructions: z.string().nullish(),
  input: z.union([z.string(), z.array(z.looseObject({}))]),
  text: z
    .looseObject({ format: z.looseObject({ type: z.string(), schema: text.schema.optional() }).optional() })
    .nullish(),
  tools: text.tools,
  tool_choice: text.toolChoice,
  max_output_tokens: text.limit,
  service_tier: text.tier,
  stream: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

/** @throws z.ZodError for a body that is not a Responses request */
export function readResponsesRequest(body: unknown): text.TextRequest {
  const request = responsesRequest.parse(body);
  const items = typeof request.input === 'string' ? [{ role: 'user', content: request.input }] : request.input;
  const turns = [{ role: 'system', text: request.instructions ?? '' }, ...items.flatMap(turnOf)];
  const format = request.text?.format;
  return {
    ask: text.toAsk(turns, {
      form: format?.type,
      schema: format?.schema,
      tools: request.tools,
      choice: request.tool_choice,
      maxOutputTokens: request.max_output_tokens,
    }),
    model: request.model,
    tier: text.servedTier(request.service_tier),
    isStream: request.stream ?? false,
    wantsUsage: true,
    choices: 1,
    echoed: {
      instructions: request.instructions ?? null,
      max_output_tokens: request.max_output_tokens ?? null,
      metadata: request.metadata ?? {},
      parallel_tool_calls: true,
      text: request.text ?? { format: { type: 'text' } },
      tool_choice: request.tool_choice ?? 'auto',
      tools: request.tools ?? [],
    },
  };
}

/** Of the other items, such as a call or reasoning, nothing is read. */
function turnOf(item: object): text.Turn[] {
  const said = message.safeParse(item).data;
  if (said) return [{ role: said.role, text: text.textOf(said.content) }];
  const given = toolResult.safeParse(item).data;
  return given ? [{ role: 'tool', text: text.textOf(given.output) }] : [];
}
