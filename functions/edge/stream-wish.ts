import * as z from 'zod';
import type { NewGate } from '#protocol/text-gate.ts';
import { newStopGate, stopWhen } from './stop-when/stop-when.ts';

/** The two fields that an endpoint which streams takes beside those of its own input. */
export const streamWish = z.strictObject({
  stream: z.boolean().default(false).describe('The answer as server-sent events, while it is made.'),
  stop_when: stopWhen.optional().describe('Ends the answer, and the model’s work on it, when there is enough.'),
});

export type StreamWish = z.output<typeof streamWish>;

/** A body's wish, and the rest of it, which is the endpoint's own input. */
export function splitStreamWish(body: unknown): { readonly wish: unknown; readonly input: unknown } {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return { wish: {}, input: body };
  const { stream, stop_when, ...input } = body as Record<string, unknown>;
  return { wish: { ...(stream !== undefined && { stream }), ...(stop_when !== undefined && { stop_when }) }, input };
}

/** The caller's condition of having enough, as a gate; undefined where there is none. */
export function gateOf(wish: StreamWish): NewGate | undefined {
  const { stop_when: condition } = wish;
  return condition && (() => newStopGate(condition));
}
