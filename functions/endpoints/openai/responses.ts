import { defineOpenAiEndpoint } from '#edge/openai/define-openai-endpoint.ts';

/** Responses as OpenAI has them, plain and streamed. */
export const { handler, spec } = defineOpenAiEndpoint({
  summary: 'OpenAI’s Responses: instructions, tools, structured outputs, pictures, streams.',
  api: 'responses',
  example: { model: 'gpt-6-luna', input: 'What is a weir?', max_output_tokens: 200 },
  limits: { timeoutMs: 290_000, maxOutputTokens: 16_384, mostOutputTokens: 128_000 },
  stream: { timeoutMs: 870_000, idleTimeoutMs: 180_000 },
  budget: { monthlyUsd: '100' },
});
