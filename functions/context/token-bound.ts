import type { JsonObject, ModelRequest, PassRequest } from '#protocol/request.ts';
import { eachRequestText, isImagePlace, mapRequestTexts } from '#protocol/texts.ts';
import { contextWindowTokens } from './context-window.ts';
import { imageTokenBound } from './image-bound.ts';

// OpenAI's published overheads of the chat format; https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken_web
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PRIMING_REPLY = 3;
const TOKENS_PER_FUNCTION = 9;
/** Structure that the API prints around a schema: punctuation and keywords are counted as bytes beside this. */
const TOKENS_PER_FORMAT = 16;

/**
 * What a request's JSON does not pay for itself: the priming of the reply, and the frame of a text format. Every message,
 * tool and schema costs more bytes in JSON (`{"role":"user","content":""}` has 28) than its frame costs tokens.
 */
const TOKENS_AROUND_JSON = TOKENS_PRIMING_REPLY + TOKENS_PER_FORMAT;

/**
 * The most input tokens that a request can be billed for. The tokenizers are byte-level BPE: a token stands for at least
 * one byte, so UTF-8 bytes bound tokens without a tokenizer (which costs 150–800 ms to load). What cannot be counted here is
 * bounded by what the model can read at all (I8).
 */
export function inputTokenBound(request: ModelRequest): number {
  if (request.kind === 'pass') return passTokenBound(request);
  let tokens = 0;
  eachRequestText(request, (text, place) => {
    tokens += isImagePlace(place) ? imageTokenBound(request.model) : Buffer.byteLength(text);
  });
  if (request.kind === 'embed') return tokens + request.texts.length;
  if (request.previousResponseId !== undefined) return contextWindowTokens(request.model);
  tokens += TOKENS_PRIMING_REPLY + TOKENS_PER_MESSAGE * (1 + request.input.length);
  // Names of calls are no texts, for nothing may rewrite them; whether the model reads them is not published.
  for (const item of request.input) if (item.type !== 'message') tokens += Buffer.byteLength(item.callId);
  for (const tool of request.tools ?? []) tokens += TOKENS_PER_FUNCTION + structureBytes(tool.parameters);
  if (request.format) tokens += TOKENS_PER_FORMAT + structureBytes(request.format.schema);
  return tokens;
}

function passTokenBound(request: PassRequest): number {
  const { bytes, pictures } = weigh(request);
  const counted = bytes + pictures * imageTokenBound(request.model) + TOKENS_AROUND_JSON;
  return request.refersToStored ? Math.max(counted, contextWindowTokens(request.model)) : counted;
}

interface Weight {
  readonly bytes: number;
  readonly pictures: number;
}

/** A call asks for its bound several times, with this and that output limit, but of one body, which may have megabytes. */
const weighed = new WeakMap<JsonObject, Weight>();

/**
 * Of a request in OpenAI's own words all its JSON is counted, whatever its members mean: text takes no fewer bytes there
 * than by itself, and each token of an array of tokens has a digit and a comma. Only the addresses of pictures are not, for
 * a picture is paid for by its size.
 */
function weigh(request: PassRequest): Weight {
  const known = weighed.get(request.body);
  if (known) return known;
  let pictures = 0;
  const { body } = mapRequestTexts(request, (text, place) => {
    if (!isImagePlace(place)) return text;
    pictures++;
    return '';
  }) as PassRequest;
  const weight = { bytes: structureBytes(body), pictures };
  weighed.set(request.body, weight);
  return weight;
}

/** What the walk over texts does not see of a JSON value: braces, colons, numbers, quotes. */
function structureBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
