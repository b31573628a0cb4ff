import * as z from 'zod';

const tokens = z.array(z.int());
const embeddingsRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()).min(1).max(2048), tokens.min(1), z.array(tokens).min(1)]),
  dimensions: z.int().min(1).max(3072).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
});

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
