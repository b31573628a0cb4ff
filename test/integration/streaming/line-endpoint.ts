import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import type { EndpointDefinition } from '#edge/endpoint-definition.ts';
import type { EntryHandler } from '#edge/entry-handler.ts';
import { small } from '#edge/models.ts';
import type { EndpointSpec } from '#edge/specs.ts';

const input = z.strictObject({ topic: z.string() });
const output = z.strictObject({ line: z.string().min(1) });
type Definition = EndpointDefinition<typeof input, typeof output>;

/** An endpoint that streams, with terms of the test's own. To be made once a Weir has been started, which brings Lambda's globals. */
export function lineEndpoint(terms: Partial<Pick<Definition, 'limits' | 'budget' | 'stream'>> & StopTerm = {}): {
  readonly handler: EntryHandler;
  readonly spec: EndpointSpec;
} {
  return defineEndpoint({
    summary: 'One line on a topic.',
    input,
    output,
    example: { topic: 'rain' },
    model: small,
    limits: { timeoutMs: 25_000, maxOutputTokens: 100 },
    stream: { timeoutMs: 60_000 },
    prompt: ({ topic }) => ({ instructions: 'Write one line.', input: topic }),
    fromText: (text) => ({ line: text }),
    ...terms,
  });
}

type StopTerm = Pick<Extract<Definition, { run?: never }>, 'stopWhen'>;
