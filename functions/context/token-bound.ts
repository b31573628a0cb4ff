import type { ModelRequest } from '#protocol/request.ts';
import { eachRequestText, isImagePlace } from '#protocol/texts.ts';
import { contextWindowTokens } from './context-window.ts';

// OpenAI's published overheads of the chat format; https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken_web
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PRIMING_REPLY = 3;
const TOKENS_PER_FUNCTION = 9;
/** Structure that the API prints around a schema: punctuation and keywords are counted as bytes beside this. */
const TOKENS_PER_FORMAT = 16;

/** The most that a picture costs at `high` detail on any model in use; `low` costs less, and `auto` is never sent. */
const TOKENS_PER_IMAGE = 3_000;

/**
 * The most input tokens that a request can be billed for. The tokenizers are byte-level BPE: a token stands for at least
 * one byte, so UTF-8 bytes bound tokens without a tokenizer (which costs 150–800 ms to load). What cannot be counted here is
 * bounded by what the model can read at all (I8).
 */
export function inputTokenBound(request: ModelRequest): number {
  let tokens = 0;
  eachRequestText(request, (text, place) => {
    tokens += isImagePlace(place) ? TOKENS_PER_IMAGE : Buffer.byteLength(text);
  });
  if (request.kind === 'embed') return tokens + request.texts.length;
  if (request.previousResponseId !== undefined) return contextWindowTokens(request.model);
  tokens += TOKENS_PRIMING_REPLY + TOKENS_PER_MESSAGE * (1 + request.input.length);
  for (const tool of request.tools ?? []) tokens += TOKENS_PER_FUNCTION + structureBytes(tool.parameters);
  if (request.format) tokens += TOKENS_PER_FORMAT + structureBytes(request.format.schema);
  return tokens;
}

/** What the walk over texts does not see of a JSON value: braces, colons, numbers, quotes. */
function structureBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
