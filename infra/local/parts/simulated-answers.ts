import { fillSchema } from './simulated/json-schema.ts';
import type { JsonSchema } from './simulated/schema-parts.ts';
import { firstSentences } from './simulated/words.ts';

/** A request for text, whichever API it came by. */
export interface Ask {
  /** What the endpoint says: instructions, system and developer messages. */
  instructions: string;
  /** What the caller says: the last user message. */
  text: string;
  /** All that the model would read, for counting. */
  read: string;
  /** The form that the answer must have; plain text without it. */
  schema?: JsonSchema;
  /** Where the answer is cut. */
  maxOutputTokens?: number;
}

/** An answer and what it would be billed by. */
export interface Answer {
  text: string;
  /** It reached `maxOutputTokens`. */
  isCut: boolean;
  inputTokens: number;
  outputTokens: number;
}

const DEFAULT_SENTENCES = 3;
const NUMBER_WORDS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const BYTES_PER_TOKEN = 4;

/**
 * Answers by rules that a newcomer can follow: a summary is the text's first sentences, as many as the instructions
 * ask for; a JSON Schema is filled from the text. The same request always has the same answer.
 */
export function answer(ask: Ask): Answer {
  const sentences = sentencesAsked(ask.instructions);
  const whole = ask.schema
    ? JSON.stringify(fillSchema(ask.schema, { text: ask.text, instructions: ask.instructions, sentences }))
    : firstSentences(ask.text, sentences).join(' ');
  const text = cut(whole, ask.maxOutputTokens ?? Infinity);
  const isCut = text.length < whole.length;
  return { text, isCut, inputTokens: tokensOf(ask.read), outputTokens: tokensOf(text) };
}

/** Near enough to what a tokenizer counts: a quarter of the UTF-8 bytes, rounded up. */
export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** `in 2 sentences`, `two sentences`, `at most 1 sentence`; 3 where nothing is said. */
export function sentencesAsked(instructions: string): number {
  const [, asked] =
    /\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten)[ -](?:short )?sentences?\b/i.exec(instructions) ?? [];
  if (asked === undefined) return DEFAULT_SENTENCES;
  const number = NUMBER_WORDS.indexOf(asked.toLowerCase()) + 1 || Number(asked);
  return Math.max(1, number);
}

function cut(text: string, maxTokens: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxTokens * BYTES_PER_TOKEN) return text;
  // A character that the cut went through decodes to the replacement character.
  return bytes
    .subarray(0, maxTokens * BYTES_PER_TOKEN)
    .toString()
    .replace(/\uFFFD$/, '');
}
