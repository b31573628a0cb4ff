/** A JSON Schema document (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One turn of what the model reads. Callers' text stands here, never in the instructions. */
export type InputItem =
  | {
      readonly type: 'message';
      /** `developer`: instructions of the caller's own. They are the caller's text, whatever weight the model gives them. */
      readonly role: 'user' | 'assistant' | 'developer';
      readonly text: string;
      readonly images?: readonly ImageInput[];
    }
  | { readonly type: 'tool-call'; readonly callId: string; readonly name: string; readonly arguments: string }
  | { readonly type: 'tool-result'; readonly callId: string; readonly output: string };

/** A picture that the model looks at. Its detail is always named: `auto` may cost twelve times as much. */
export interface ImageInput {
  /** `https:` or `data:`. */
  readonly url: string;
  readonly detail: 'low' | 'high';
}

/** A function that the model may ask for. */
export interface FunctionTool {
  readonly name: string;
  readonly description?: string;
  readonly parameters: JsonSchema;
}

/** OpenAI's levels that all of its current models know. */
export type ReasoningEffort = 'low' | 'medium' | 'high';

/** Asks a model for text or JSON. Everything in it is part of the cache key. */
export interface RespondRequest {
  readonly kind: 'respond';
  readonly model: string;
  readonly instructions: string;
  readonly input: readonly InputItem[];
  readonly tools?: readonly FunctionTool[];
  /** Goes on from an answer that OpenAI has stored: input that nobody here can count, so it is bounded by the model's context window. */
  readonly previousResponseId?: string;
  /** Structured output: the answer must be JSON that fits. */
  readonly format?: { readonly name: string; readonly schema: JsonSchema };
  /** How long the model may think before it answers; its thinking counts as output. Absent: the model's own default. */
  readonly reasoningEffort?: ReasoningEffort;
  /** Always sent: it bounds the price. */
  readonly maxOutputTokens: number;
}

/** Asks for one vector a text, in order. */
export interface EmbedRequest {
  readonly kind: 'embed';
  readonly model: string;
  readonly texts: readonly string[];
  readonly dimensions?: number;
}

/** The APIs of OpenAI whose requests can be passed on as they are. */
export type PassApi = 'chat/completions' | 'responses' | 'embeddings' | 'moderations';

/** A JSON object whose members nobody here knows all of. Numbers that JavaScript would round stand in it as `JSON.rawJSON`. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * A caller's request in OpenAI's own words, on its way there with everything in it, known or not. What bounds its price has
 * been read from it, or put into it, when it came in.
 */
export interface PassRequest {
  readonly kind: 'pass';
  readonly api: PassApi;
  /** Takes the place of the body's. */
  readonly model: string;
  readonly body: JsonObject;
  /** The reply comes as a stream, as the body says. */
  readonly isStream: boolean;
  /** The caller asked a stream of Chat Completions for the chunk with its usage, which Weir always asks for. */
  readonly wantsUsage: boolean;
  /** Always sent: it bounds the price. 0 where the API writes nothing. */
  readonly maxOutputTokens: number;
  /** The member of the body in which the limit is sent; absent where the API writes nothing. */
  readonly outputLimitName?: 'max_output_tokens' | 'max_completion_tokens' | 'max_tokens';
  /** OpenAI's `n`: it multiplies the output. */
  readonly choices: number;
  /** As it is sent; the dearest tier that may serve it is held. */
  readonly serviceTier: string;
  /** The longest that input is asked to live in the prompt cache, which writing it is paid by. */
  readonly promptCacheTtl: '30m' | '12h';
  /** It refers to input that only OpenAI has, so it is bounded by what the model can read at all (I8). */
  readonly refersToStored: boolean;
  /** Weir wrote it: the caller neither chose its model nor knows its words, and is told of its failure as of any other. */
  readonly isOurs?: true;
}

/** One request to a model: in Weir's own words, which the upstream room translates to OpenAI's, or passed on. */
export type ModelRequest = RespondRequest | EmbedRequest | PassRequest;
