import { createHash } from 'node:crypto';
import { tokensIn } from './scripted-completion.ts';
import type { RequestBody } from './scripted-exchange.ts';

type EmbeddingInput = string | readonly number[];

/** As text-embedding-3-small has them, where the request does not say. */
const defaultDimensions = 1536;

/** The reply of `POST /v1/embeddings`, as floats or as base64 of little-endian float32, the same numbers in both. */
export function embeddingsBody(body: RequestBody, model: string, inputTokens: number | undefined): object {
  const data = inputsOf(body).map((input, index) => {
    const vector = embeddingOf(input, body.dimensions ?? defaultDimensions);
    return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? base64(vector) : [...vector] };
  });
  const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens };
  return { object: 'list', model, data, ...(inputTokens === undefined ? {} : { usage }) };
}

/** Tokens of all inputs: given as such, or four bytes of text each. */
export function embeddingTokens(body: RequestBody): number {
  const counts = inputsOf(body).map((input) => (typeof input === 'string' ? tokensIn(input) : input.length));
  return counts.reduce((total, count) => total + count, 0);
}

/** A unit vector that depends on nothing but the input and the number of dimensions. */
export function embeddingOf(input: EmbeddingInput, dimensions: number): Float32Array {
  let state = createHash('sha256').update(JSON.stringify(input)).digest().readUInt32LE();
  const values = Float64Array.from({ length: dimensions }, () => {
    // A linear congruential generator (Numerical Recipes): good enough to spread vectors about.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(values, (value) => value / length);
}

function inputsOf({ input }: RequestBody): EmbeddingInput[] {
  if (!Array.isArray(input)) return [input as string];
  return typeof input[0] === 'number' ? [input] : input;
}

function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer).toString('base64');
}
