import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import { embedding } from '#edge/models.ts';

const FULL_DIMENSIONS = 1_536;
/** OpenAI prints a component with up to 24 characters, sign and comma included: so many stay below Lambda's reply of 6 MB. */
const MAX_COMPONENTS = 250_000;

/** Turns texts into vectors. Each text has a cache entry of its own, so that only new texts are paid for. */
export const { handler, spec } = defineEndpoint({
  summary: 'Turn texts into vectors, in order.',
  input: z
    .strictObject({
      texts: z
        .array(z.string().min(1).max(30_000))
        .min(1)
        .max(500)
        .describe('The texts, each at most 8,000 tokens or so.'),
      dimensions: z.int().min(16).max(FULL_DIMENSIONS).default(FULL_DIMENSIONS).describe('Length of each vector.'),
    })
    .check((context) => {
      const { texts, dimensions } = context.value;
      const components = texts.length * dimensions;
      if (components <= MAX_COMPONENTS) return;
      const message = `times dimensions must be at most ${inWords(MAX_COMPONENTS)}, but ${inWords(texts.length)} × ${inWords(dimensions)} = ${inWords(components)} was provided`;
      context.issues.push({ code: 'custom', path: ['texts'], message, input: components });
    }),
  output: z.strictObject({ embeddings: z.array(z.array(z.number())) }),
  example: { texts: ['a low wall across a river', 'a key that opens a lock'], dimensions: 256 },
  model: embedding,
  limits: { timeoutMs: 25_000, maxOutputTokens: 0, maxBodyBytes: 4_000_000 },
  deterministic: { ttlSeconds: 90 * 86_400, shared: true },
  budget: { monthlyUsd: '50' },
  run: async ({ texts, dimensions }, call) => ({
    embeddings: await call.embed({ texts, dimensions }),
  }),
});

function inWords(count: number): string {
  return count.toLocaleString('en-US');
}
