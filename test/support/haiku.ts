import * as z from 'zod';
import { defineEndpoint } from '#edge/define-endpoint.ts';
import type { EndpointDefinition } from '#edge/endpoint-definition.ts';
import type { EntryHandler } from '#edge/entry-handler.ts';
import { small } from '#edge/models.ts';
import type { EndpointSpec } from '#edge/specs.ts';
import type { Clock } from '#platform/clock.ts';
import type { Platform } from '#platform/platform.ts';
import { WeirEnvironment } from './weir-environment.ts';
import type { Weir } from './weir.ts';

const input = z.strictObject({ topic: z.string().min(1) });
const output = z.strictObject({ haiku: z.string().min(1) });
type Definition = EndpointDefinition<typeof input, typeof output>;

/** What a test may say of the endpoint; it is not deterministic and has no budget unless the test says so. */
export type HaikuTerms = Partial<
  Pick<Definition, 'model' | 'limits' | 'deterministic' | 'budget' | 'version' | 'redact' | 'redactOutput' | 'stream'>
>;

/** An endpoint as an engineer might add it, with terms of the test's own. */
export function haiku(terms: HaikuTerms = {}): { readonly handler: EntryHandler; readonly spec: EndpointSpec } {
  return defineEndpoint({
    summary: 'A haiku on a topic.',
    input,
    output,
    example: { topic: 'rain' },
    model: small,
    limits: { timeoutMs: 25_000, maxOutputTokens: 100 },
    prompt: ({ topic }) => ({ instructions: 'Write a haiku on the topic that the user names.', input: topic }),
    fromText: (text) => ({ haiku: text }),
    ...terms,
  });
}

/** An environment of a running Weir that serves these endpoints, and no others, under these names. @param platform another than its own */
export function serving(
  weir: Weir<Clock>,
  endpoints: Readonly<Record<string, { readonly handler: EntryHandler; readonly spec: EndpointSpec }>>,
  platform: Platform = weir.platform,
): WeirEnvironment {
  const entries = Object.entries(endpoints).map(([name, { handler, spec }]) => {
    return { name, file: `${name}.ts`, handler, spec };
  });
  return new WeirEnvironment(entries, platform);
}
