import { buildEmbeddingResponse } from '@copilotkit/aimock';
import { tokensOf } from '../simulated-answers.ts';
import { embed } from './embedding.ts';
import { readEmbeddingsRequest } from './vector-request.ts';

const LARGE_DIMENSIONS = 3072;
const SMALL_DIMENSIONS = 1536;

/** A vector for each text, as floats or in base64. */
export function embeddingsReply(body: unknown): object {
  const { model, texts, tokenCounts, dimensions, isBase64 } = readEmbeddingsRequest(body);
  const size = dimensions ?? (model.includes('large') ? LARGE_DIMENSIONS : SMALL_DIMENSIONS);
  const vectors = texts.map((text) => embed(text, size));
  const tokens = texts.reduce((sum, text, i) => sum + (tokenCounts[i] ?? tokensOf(text)), 0);
  const reply = buildEmbeddingResponse(isBase64 ? texts.map(() => []) : vectors.map((vector) => [...vector]), model, {
    prompt_tokens: tokens,
    total_tokens: tokens,
  });
  if (!isBase64) return reply;
  const data = reply.data.map((item, i) => ({
    ...item,
    embedding: Buffer.from(vectors[i]!.buffer).toString('base64'),
  }));
  return { ...reply, data };
}
