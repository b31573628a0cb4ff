import type { EmbeddingCreateParams } from 'openai/resources/embeddings';
import type { ResponseCreateParamsNonStreaming, ResponseInputItem } from 'openai/resources/responses/responses';
import type { EmbedRequest, InputItem, RespondRequest } from '#protocol/request.ts';

/** A request in the words of OpenAI's Responses API. `store` is always off: OpenAI's default keeps every answer. */
export function toResponsesParams(request: RespondRequest, safetyIdentifier: string): ResponseCreateParamsNonStreaming {
  return {
    model: request.model,
    instructions: request.instructions,
    input: request.input.map(toInputItem),
    max_output_tokens: request.maxOutputTokens,
    store: false,
    // Never `auto`: what the project's default tier would serve, the reservation could not bound.
    service_tier: 'default',
    safety_identifier: safetyIdentifier,
    ...(request.previousResponseId !== undefined && { previous_response_id: request.previousResponseId }),
    ...(request.reasoningEffort && { reasoning: { effort: request.reasoningEffort } }),
    ...(request.format && {
      text: {
        format: { type: 'json_schema', name: request.format.name, schema: { ...request.format.schema }, strict: true },
      },
    }),
    ...(request.tools && {
      tools: request.tools.map((tool) => ({
        type: 'function' as const,
        name: tool.name,
        description: tool.description ?? null,
        parameters: { ...tool.parameters },
        strict: true,
      })),
    }),
  };
}

/** A request in the words of OpenAI's Embeddings API. Floats, not base64: they come as OpenAI prints them. */
export function toEmbeddingsParams(request: EmbedRequest): EmbeddingCreateParams {
  return {
    model: request.model,
    input: [...request.texts],
    encoding_format: 'float',
    ...(request.dimensions !== undefined && { dimensions: request.dimensions }),
  };
}

function toInputItem(item: InputItem): ResponseInputItem {
  if (item.type === 'message') {
    if (!item.images || item.role !== 'user') return { type: 'message', role: item.role, content: item.text };
    const images = item.images.map(({ url, detail }) => ({ type: 'input_image' as const, image_url: url, detail }));
    return { type: 'message', role: 'user', content: [{ type: 'input_text', text: item.text }, ...images] };
  }
  if (item.type === 'tool-call') {
    return { type: 'function_call', call_id: item.callId, name: item.name, arguments: item.arguments };
  }
  return { type: 'function_call_output', call_id: item.callId, output: item.output };
}
