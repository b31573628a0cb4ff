import { fillSchema } from './simulated/json-schema.ts';
import type { JsonSchema } from './simulated/schema-parts.ts';
import { chooseTool, type Toolbox } from './simulated/tools.ts';
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
  /** Functions that it may call, and what they gave. */
  toolbox?: Toolbox;
  /** Where the answer is cut. */
  maxOutputTokens?: number;
}

/** A function that the model wants called. */
export interface SimulatedCall {
  name: string;
  /** JSON. */
  arguments: string;
}

/** An answer and what it would be billed by. */
export interface Answer {
  /** Empty where there is a call. */
  text: string;
  call?: SimulatedCall;
  /** It reached `maxOutputTokens`. */
  isCut: boolean;
  inputTokens: number;
  outputTokens: number;
}

const DEFAULT_SENTENCES = 3;
const NUMBER_WORDS = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const BYTES_PER_TOKEN = 4;

/**
 * Answers by rules that a newcomer can follow. A tool is called if it has to be, or if the text has a word of its name, and
 * no tool has given a result yet; what a tool gave stands in the answer. A summary is the text's first sentences, as many as
 * the instructions ask for. A JSON Schema, also that of a tool's arguments, is filled from the text. The same request always
 * has the same answer.
 */
export function answer(ask: Ask): Answer {
  const { toolbox, maxOutputTokens = Infinity } = ask;
  const tool = toolbox && chooseTool(toolbox, ask.text);
  const whole = tool ? filled(tool.parameters, ask) : written(ask, toolbox?.results ?? []);
  const text = cut(whole, maxOutputTokens);
  const counted = {
    isCut: text.length < whole.length,
    inputTokens: tokensOf(ask.read),
    outputTokens: tokensOf(text),
  };
  return tool ? { text: '', call: { name: tool.name, arguments: text }, ...counted } : { text, ...counted };
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

function written(ask: Ask, results: readonly string[]): string {
  const given = results.join('\n');
  if (ask.schema) return filled(ask.schema, given === '' ? ask : { ...ask, text: given });
  if (given !== '') return `The tool says: ${given}`;
  return firstSentences(ask.text, sentencesAsked(ask.instructions)).join(' ');
}

function filled(schema: JsonSchema, { text, instructions }: Ask): string {
  return JSON.stringify(fillSchema(schema, { text, instructions, sentences: sentencesAsked(instructions) }));
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
