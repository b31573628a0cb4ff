import type { InputItem, RespondRequest } from '#protocol/request.ts';
import { eachRequestText } from '#protocol/texts.ts';
import { contextWindowTokens } from './context-window.ts';
import { inputTokenBound } from './token-bound.ts';
import { estimateTokens } from './token-estimate.ts';

/**
 * The estimate may be too low by a fifth: so much of the limit is left unused. What it misses by more is within the model's window
 * all the same, for there bytes are counted.
 */
const SAFETY_PERCENT = 20;

/** Of its role and frame; https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken_web */
const TOKENS_PER_ITEM = 3;

/** What a conversation must fit. */
export interface ContextLimit {
  /** The most that the request may read, in tokens as they are estimated, margin included. */
  readonly contextTokens: number;
  /** Whichever of these answers: the smallest window counts. */
  readonly models: readonly string[];
  readonly maxOutputTokens: number;
  /** They stand before the conversation, and are counted with it. */
  readonly instructions: string;
}

/** A conversation that fits, and what was left out of it; or how much too long it is. */
export type Fitted =
  | {
      readonly fits: true;
      readonly items: readonly InputItem[];
      readonly trimmed: { readonly turns: number; readonly estimatedTokens: number };
    }
  | { readonly fits: false; readonly tokens: number; readonly limitTokens: number };

/** Tokens by the estimate, and by the bound that no tokenizer exceeds. */
interface Weight {
  readonly estimated: number;
  readonly bound: number;
}

/**
 * Cuts a conversation to what its model may read: the oldest turns go first, and what is kept of them is the end without a gap.
 * The developer's turns and the last turn always stay. A tool's call and its results stand or fall together, with all that was
 * said between them. Takes time in proportion to the text.
 *
 * @param turns each with its items, in order, without pictures; every tool result stands behind its call, and every call has one
 */
export function fitConversation(turns: readonly (readonly InputItem[])[], limit: ContextLimit): Fitted {
  const weigh = (...indices: readonly number[]) => weightOf(indices.flatMap((index) => turns[index]!));
  const room = roomFor(limit);
  const units = unitsOf(turns);
  const always = [...turns.keys()].filter((index) => isDevelopers(turns[index]!));
  let used = plus(weigh(...always), weigh(...(units.at(-1) ?? [])));
  if (used.estimated > room.estimated) return { fits: false, tokens: used.estimated, limitTokens: room.estimated };
  if (used.bound > room.bound) return { fits: false, tokens: used.bound, limitTokens: room.bound };

  let first = Math.max(0, units.length - 1);
  for (; first > 0; first--) {
    const more = plus(used, weigh(...units[first - 1]!));
    if (more.estimated > room.estimated || more.bound > room.bound) break;
    used = more;
  }
  const dropped = new Set(units.slice(0, first).flat());
  return {
    fits: true,
    items: turns.flatMap((items, index) => (dropped.has(index) ? [] : items)),
    trimmed: { turns: dropped.size, estimatedTokens: dropped.size === 0 ? 0 : weigh(...dropped).estimated },
  };
}

/** The positions of the turns that only go together, in order; the developer's belong to none. */
function unitsOf(turns: readonly (readonly InputItem[])[]): number[][] {
  const resultAt = new Map<string, number>();
  for (const [index, items] of turns.entries())
    for (const item of items) if (item.type === 'tool-result') resultAt.set(item.callId, index);

  const units: number[][] = [];
  let openUntil = -1;
  for (const [index, items] of turns.entries()) {
    if (isDevelopers(items)) continue;
    if (index > openUntil) units.push([]);
    units.at(-1)!.push(index);
    for (const item of items)
      if (item.type === 'tool-call') openUntil = Math.max(openUntil, resultAt.get(item.callId) ?? index);
  }
  return units;
}

function isDevelopers(items: readonly InputItem[]): boolean {
  return items.some((item) => item.type === 'message' && item.role === 'developer');
}

function roomFor({ contextTokens, models, maxOutputTokens, instructions }: ContextLimit): Weight {
  const own = weightOf([], instructions);
  return {
    estimated: Math.floor((contextTokens * (100 - SAFETY_PERCENT)) / 100) - own.estimated,
    bound: Math.min(...models.map(contextWindowTokens)) - maxOutputTokens - own.bound,
  };
}

/** As of a request of their own: what primes a reply is counted with each part, which errs on the safe side. */
function weightOf(input: readonly InputItem[], instructions = ''): Weight {
  const request: RespondRequest = { kind: 'respond', model: '', instructions, input, maxOutputTokens: 0 };
  let estimated = TOKENS_PER_ITEM * input.length;
  eachRequestText(request, (text) => {
    estimated += estimateTokens(text);
  });
  return { estimated, bound: inputTokenBound(request) };
}

function plus(a: Weight, b: Weight): Weight {
  return { estimated: a.estimated + b.estimated, bound: a.bound + b.bound };
}
