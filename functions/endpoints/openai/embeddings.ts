import { defineOpenAiEndpoint } from '#edge/openai/define-openai-endpoint.ts';

/** Embeddings as OpenAI has them, as floats or in base64. */
export const { handler, spec } = defineOpenAiEndpoint({
  summary: 'OpenAI’s Embeddings, as floats or in base64.',
  api: 'embeddings',
  example: { model: 'text-embedding-3-small', input: 'a low wall across a river', dimensions: 256 },
  limits: { timeoutMs: 60_000, maxOutputTokens: 0 },
  // Its reply is never a stream of events, but it may be larger than what a buffered route can give.
  stream: { timeoutMs: 60_000 },
  budget: { monthlyUsd: '50' },
});
