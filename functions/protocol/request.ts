/** A JSON Schema document (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One turn of what the model reads. Callers' text stands here, never in the instructions. */
export type InputItem =
  | {
      readonly type: 'message';
      readonly role: 'user' | 'assistant';
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

/** One request to a model, in Weir's own words; the upstream room translates it to OpenAI's. */
export type ModelRequest = RespondRequest | EmbedRequest;
