import type { ReasoningEffort } from '#protocol/request.ts';

/** A named choice of model: endpoints name a tier, so that a model that goes away is replaced in one place. */
export interface ModelTier {
  readonly name: string;
  readonly model: string;
  /** Tried in this order when the model fails or is gone. Each must have a price, which synth checks. */
  readonly fallbacks: readonly string[];
  /** Thinking is paid as output and counts towards its limit. Absent: the model's own default. */
  readonly reasoningEffort?: ReasoningEffort;
}

/** Classification, routing, short texts. */
export const small: ModelTier = {
  name: 'small',
  model: 'gpt-6-luna',
  fallbacks: ['gpt-5.6-luna'],
  reasoningEffort: 'low',
};

/** Everyday writing and reasoning. */
export const medium: ModelTier = { name: 'medium', model: 'gpt-6.1-terra', fallbacks: ['gpt-5.6-terra'] };

/** The hardest questions. */
export const large: ModelTier = { name: 'large', model: 'gpt-6.1-sol', fallbacks: ['gpt-6-sol'] };

/** Vectors. No fallback: those of another model cannot be compared with them. */
export const embedding: ModelTier = { name: 'embedding', model: 'text-embedding-3-small', fallbacks: [] };

/** Moderation: free, and the only one of its kind. */
export const moderation: ModelTier = { name: 'moderation', model: 'omni-moderation-latest', fallbacks: [] };
