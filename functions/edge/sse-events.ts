import * as z from 'zod';
import type { Receipt } from '#call/call.ts';
import { formatUsd } from '#platform/money.ts';

/** The events of a streamed reply of an endpoint of Weir's, by name, with what their `data` is. */
export const streamEvents = {
  text: z.strictObject({ text: z.string() }).describe('The next piece of the answer.'),
  done: z
    .strictObject({
      output: z.unknown().describe('The whole output, checked: what a plain reply would have been.'),
      finish: z
        .enum(['stop', 'tool-calls', 'length', 'enough'])
        .describe(
          'Why the answer ended; length: at the output limit; enough: by stop_when, or by the endpoint’s own condition.',
        ),
      usage: z.strictObject({
        inputTokens: z.int(),
        cachedInputTokens: z.int(),
        outputTokens: z.int(),
        reasoningTokens: z.int(),
      }),
      costUsd: z.string().describe('Decimal US dollars.'),
      basis: z.enum(['exact', 'estimated', 'unknown']).describe('How sure the cost is.'),
      cache: z.enum(['hit', 'miss', 'bypass']),
      ageSeconds: z.int().optional().describe('Of an answer from the cache.'),
      model: z.string().describe('The model that answered.'),
      callId: z.string(),
    })
    .describe('The last event of a reply that is complete. All is paid for and recorded when it comes.'),
  error: z
    .looseObject({ status: z.int(), code: z.string(), detail: z.string(), requestId: z.string() })
    .describe('The last event of a reply that failed after it had begun: the problem that would have been the reply.'),
} as const;

/** One event, as it goes over the wire. JSON has no line ends of its own, so its data is one line. */
export function printEvent(name: keyof typeof streamEvents, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}

/** What the last event of a complete reply tells of its call. */
export function doneOf(output: unknown, { entry, finish, ageSeconds }: Receipt): z.input<typeof streamEvents.done> {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = entry.usage;
  return {
    output,
    // An answer that ended otherwise is an error, and no output.
    finish: (finish ?? 'stop') as z.input<typeof streamEvents.done>['finish'],
    usage: { inputTokens, cachedInputTokens, outputTokens, reasoningTokens },
    costUsd: formatUsd(entry.costPico),
    basis: entry.basis,
    cache: entry.cache,
    ...(ageSeconds !== undefined && { ageSeconds }),
    model: entry.model,
    callId: entry.callId,
  };
}
