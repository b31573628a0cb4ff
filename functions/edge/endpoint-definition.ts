import type * as z from 'zod';
import type { RedactPolicy } from '#platform/redact-policy.ts';
import type { InputItem, JsonSchema } from '#protocol/request.ts';
import type { NewGate, TextGate } from '#protocol/text-gate.ts';
import type { EndpointBudget, EndpointLimits, Evaluation, StreamLimits } from './specs.ts';
import type { ModelTier } from './models.ts';
import type { Moderation } from './moderation.ts';

/** What the model is told: our instructions, and the caller's text strictly apart from them. */
export interface Prompt {
  readonly instructions: string;
  /** The caller's words: one user message, or a whole conversation. */
  readonly input: string | readonly InputItem[];
}

/** What every question of an endpoint's `run` to a model may say. */
export interface Asking extends Prompt {
  /** @default the endpoint's limit */
  readonly maxOutputTokens?: number;
  /** @default the endpoint's tier */
  readonly model?: ModelTier;
  /**
   * Asks once more for what an earlier answer left open. A call has two second tries in all, those of failed requests
   * included. @default false
   */
  readonly isAgain?: boolean;
  /**
   * A streamed reply shows this answer while it is made, and the caller's `stop_when` ends it. One question of a call at most.
   * @default false
   */
  readonly isShown?: boolean;
  /** Ends the answer, and the upstream's work on it, when there is enough. */
  readonly stopWhen?: NewGate;
  /**
   * The answer is of use only so soon: what is under way by then is cut, and the call goes on without it.
   * @default as long as the call
   */
  readonly withinMs?: number;
  /**
   * This answer, an intermediate one, is kept for so long, one for each caller, whatever the endpoint declares of its output. The
   * definition says `keepsAnswers` then. @default as the endpoint declares
   */
  readonly keepSeconds?: number;
}

/** One question for a structured answer. */
export interface Question<Output extends z.ZodType> extends Asking {
  /** The answer must be JSON that fits this schema. */
  readonly output: Output;
}

/** A text, and why it ended. */
export interface Written {
  readonly text: string;
  /** `length`: at the output limit. `enough`: by a stop condition. */
  readonly finish: 'stop' | 'length' | 'enough';
}

/** An endpoint's only ways upstream. Whatever they send is cached, bounded, paid for and recorded under the one call. */
export interface EndpointCall {
  /** Asks for a structured answer. @throws OutputInvalid when it does not fit, OutputRefused when the model declines, OutputLate */
  respond<Output extends z.ZodType>(question: Question<Output>): Promise<z.output<Output>>;
  /**
   * Asks for JSON by a schema that only the call knows, in OpenAI's subset. It is not checked against it.
   * @throws OutputInvalid when it is no JSON, OutputRefused
   */
  fill(question: Asking & { readonly schema: JsonSchema }): Promise<unknown>;
  /** The same for several questions side by side, in order. All are held for before the first is sent, or the call is refused (L2). */
  fillAll(questions: readonly (Asking & { readonly schema: JsonSchema })[]): Promise<unknown[]>;
  /** Asks for text. @throws OutputRefused */
  write(question: Asking): Promise<Written>;
  /** One vector a text, in order. Texts that were embedded before come from the cache. */
  embed(request: { readonly texts: readonly string[]; readonly dimensions?: number }): Promise<number[][]>;
  /** Has texts judged, each by itself, in order. It costs nothing. */
  moderate(texts: readonly string[]): Promise<Moderation[]>;
}

interface DefinitionBase<Input extends z.ZodType, Output extends z.ZodType> {
  /** One sentence, for the documentation. */
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  /** An input that works: documentation, the first curl line, the contract tests. */
  readonly example: z.input<Input>;
  /**
   * Inputs whose outputs can be judged: `npm run weir -- eval <endpoint>` runs them on several models, side by side. Calls in
   * production know nothing of them.
   */
  readonly evaluations?: readonly Evaluation<z.input<Input>, z.output<Output>>[];
  readonly model: ModelTier;
  readonly limits: EndpointLimits;
  /** Declares that the same input may get the same answer for so long. Absent: nothing is ever cached. */
  readonly deterministic?: {
    readonly ttlSeconds: number;
    /** Callers see each other's answers. @default false: a cache entry belongs to one caller */
    readonly shared?: boolean;
  };
  /**
   * Callers may ask for the answer as a stream (`stream: true`), and for its end when there is enough (`stop_when`). The route is
   * then one that streams. Absent: replies are given whole.
   */
  readonly stream?: StreamLimits;
  /** Some questions of its `run` say how long their answers are kept. @default false */
  readonly keepsAnswers?: boolean;
  /**
   * Texts of the input that are moderated before anything of the answer is told: beside the model's work where the reply is given
   * whole, before it where it is streamed. What is flagged is refused (422). Absent: nothing is moderated.
   */
  readonly moderate?: (input: z.output<Input>) => readonly string[];
  /**
   * What the model may see of secrets and personal data: `reversible` placeholders that the caller gets back as they were, `mask` for
   * good, or `block`: a request that holds any is refused (422). A caller's own policy may be stricter. @default 'off'
   */
  readonly redact?: RedactPolicy;
  /** What the model itself writes is masked as well, for good. @default false */
  readonly redactOutput?: boolean;
  /** What it may spend. Absent: no limit. */
  readonly budget?: EndpointBudget;
  /** Raised when the same request shall get a new answer. @default 1 */
  readonly version?: number;
  /** @default `/v1/<name>` */
  readonly path?: string;
  /** The secret with the OpenAI key. @default 'openai', shared by all that name none */
  readonly secret?: string;
  /** @default 512 */
  readonly memoryMb?: number;
}

/** One prompt, answered as JSON that fits `output`; or, with `fromText`, as plain text that becomes the output. */
interface PromptDefinition<Input extends z.ZodType, Output extends z.ZodType> extends DefinitionBase<Input, Output> {
  readonly prompt: (input: z.output<Input>) => Prompt;
  readonly fromText?: (text: string) => z.input<Output>;
  /** Ends the answer, and the upstream's work on it, when there is enough. */
  readonly stopWhen?: (input: z.output<Input>) => TextGate;
  readonly run?: never;
}

/** Where one prompt is not enough. */
interface RunDefinition<Input extends z.ZodType, Output extends z.ZodType> extends DefinitionBase<Input, Output> {
  readonly run: (input: z.output<Input>, call: EndpointCall) => Promise<z.input<Output>>;
  readonly prompt?: never;
  readonly fromText?: never;
  readonly stopWhen?: never;
}

/** All that an engineer writes to add an endpoint. */
export type EndpointDefinition<Input extends z.ZodType, Output extends z.ZodType> =
  PromptDefinition<Input, Output> | RunDefinition<Input, Output>;
