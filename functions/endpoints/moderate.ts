import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { moderation } from '#edge/models.ts';

const text = z.string().min(1).max(20_000);
const verdict = z.strictObject({
  flagged: z.boolean(),
  categories: z.array(z.string()).describe('Those in which it is flagged, in OpenAI’s words.'),
  scores: z.record(z.string(), z.number()).describe('How much each category fits, from 0 to 1.'),
});

/** Judges texts by OpenAI's moderation, which costs nothing. */
export const { handler, spec } = defineEndpoint({
  summary: 'Tell whether texts are harmful, and how.',
  input: z
    .strictObject({
      text: text.optional().describe('One text; or `texts`.'),
      texts: z.array(text).min(1).max(100).optional().describe('Up to 100 texts; or `text`.'),
    })
    .check(({ value, issues }) => {
      if ((value.text === undefined) !== (value.texts === undefined)) return;
      issues.push({
        code: 'custom',
        path: ['text'],
        message: 'or texts must be given, and not both',
        input: undefined,
      });
    }),
  output: z
    .union([verdict, z.strictObject({ results: z.array(verdict) })])
    .describe('For `text` one verdict, for `texts` one a text in order under `results`.'),
  example: { text: 'A weir is a low wall across a river.' },
  model: moderation,
  limits: { timeoutMs: 20_000, maxOutputTokens: 0, maxBodyBytes: 2_500_000 },
  deterministic: { ttlSeconds: 7 * 86_400, shared: true },
  run: async ({ text: single, texts = [] }, call) => {
    const results = await call.moderate(single === undefined ? texts : [single]);
    return single === undefined ? { results } : results[0]!;
  },
});
