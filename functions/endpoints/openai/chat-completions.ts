import { defineOpenAiEndpoint } from '#edge/openai/define-openai-endpoint.ts';

/** Chat Completions as OpenAI has it, plain and streamed. */
export const { handler, spec } = defineOpenAiEndpoint({
  summary: 'OpenAI’s Chat Completions: tools, structured outputs, pictures, n, streams.',
  api: 'chat/completions',
  example: {
    model: 'gpt-6-luna',
    messages: [{ role: 'user', content: 'What is a weir?' }],
    max_completion_tokens: 200,
  },
  limits: { timeoutMs: 290_000, maxOutputTokens: 16_384, mostOutputTokens: 128_000 },
  stream: { timeoutMs: 870_000, idleTimeoutMs: 180_000 },
  budget: { monthlyUsd: '100' },
});
