import { stemsOf } from './words.ts';

const POSITIONS_PER_FEATURE = 24;
const TRIGRAM_WEIGHT = 0.3;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A unit vector that depends on a text's words alone: texts that share words, or parts of words, lie near each other.
 * Each feature is hashed to a few signed positions; their weighted sum is scaled to length 1.
 */
export function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float64Array(dimensions);
  for (const word of stemsOf(text)) {
    add(vector, `w:${word}`, 1);
    for (let at = 0; at + 3 <= word.length; at++) add(vector, `t:${word.slice(at, at + 3)}`, TRIGRAM_WEIGHT);
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  // A text without a word must have a direction too.
  if (length === 0) return Float32Array.from(vector, (_, i) => (i === 0 ? 1 : 0));
  return Float32Array.from(vector, (value) => value / length);
}

function add(vector: Float64Array, feature: string, weight: number): void {
  let state = FNV_OFFSET;
  for (let i = 0; i < feature.length; i++) state = Math.imul(state ^ feature.charCodeAt(i), FNV_PRIME);
  for (let n = 0; n < POSITIONS_PER_FEATURE; n++) {
    state = xorshift(state || 1);
    vector[(state >>> 1) % vector.length]! += state & 1 ? weight : -weight;
  }
}

/** https://www.jstatsoft.org/article/view/v008i14 */
function xorshift(state: number): number {
  let next = state ^ (state << 13);
  next ^= next >>> 17;
  return (next ^ (next << 5)) >>> 0;
}
