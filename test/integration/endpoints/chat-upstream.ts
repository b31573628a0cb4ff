import type { PriceTable } from '#test/support/scripted-bill.ts';
import type { RecordedRequest, Step } from '#test/support/scripted-exchange.ts';
import { answer, choose } from '#test/support/scripted-steps.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import type { Size } from './chat-prompts.ts';

export const MODELS = { small: 'gpt-6-luna', medium: 'gpt-6.1-terra', large: 'gpt-6.1-sol' } as const;

/** What OpenAI charged on 2026-11-22, worked out by hand: $1 per million tokens is a million pico-dollars a token. */
export const chatPrices: PriceTable = {
  ...tieredPrices,
  [MODELS.medium]: { input: 1_000_000n, cachedInput: 50_000n, cacheWriteInput: 1_250_000n, output: 5_000_000n },
  [MODELS.large]: { input: 2_000_000n, cachedInput: 100_000n, cacheWriteInput: 2_500_000n, output: 10_000_000n },
};

/** Of chat's questions only that for a size asks for JSON. */
export function isRouting({ body }: RecordedRequest): boolean {
  return body.text?.format?.type === 'json_schema';
}

/** What the router was shown of a conversation. */
export function openingIn({ body }: RecordedRequest): { readonly system: string; readonly user: string } {
  const [item] = body.input as { readonly content: string }[];
  return JSON.parse(item!.content) as ReturnType<typeof openingIn>;
}

/** An upstream that names a size by the conversation's beginning, and answers. */
export function routesBy(sizeOf: (opening: ReturnType<typeof openingIn>) => Size, answering: Step = answer()): Step {
  return choose((request) => (isRouting(request) ? answer({ json: { size: sizeOf(openingIn(request)) } }) : answering));
}

/** Turns, as callers write them. */
export const user = (content: string) => ({ role: 'user', content });
export const assistant = (content: string) => ({ role: 'assistant', content });
export const system = (content: string) => ({ role: 'system', content });
export const calls = (...ids: string[]) => ids.map((id) => ({ id, name: 'river_level', arguments: `{"of":"${id}"}` }));
export const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: `level of ${id}` });
