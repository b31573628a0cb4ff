import { defineOpenAiEndpoint } from '#edge/openai/define-openai-endpoint.ts';

/** Moderations as OpenAI has them. They cost nothing, and are counted like anything else. */
export const { handler, spec } = defineOpenAiEndpoint({
  summary: 'OpenAI’s Moderations of texts and pictures.',
  api: 'moderations',
  example: { model: 'omni-moderation-latest', input: 'A weir is a low wall across a river.' },
  limits: { timeoutMs: 25_000, maxOutputTokens: 0 },
});
