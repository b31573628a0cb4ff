import type { JsonObject, PassRequest } from '#protocol/request.ts';
import type { EndpointLimits } from '../specs.ts';
import { readCount } from './read-member.ts';
import { refuse } from './refuse.ts';

type LimitName = NonNullable<PassRequest['outputLimitName']>;

/** The members in which an API takes its output limit, the one that is used where the caller names none first. */
export const OUTPUT_LIMITS = {
  'chat/completions': { names: ['max_completion_tokens', 'max_tokens'], leastTokens: 1 },
  // OpenAI's own least for Responses.
  responses: { names: ['max_output_tokens'], leastTokens: 16 },
} as const satisfies Record<string, { names: readonly [LimitName, ...LimitName[]]; leastTokens: number }>;

/**
 * The most that a choice may write, and the member to send it in: the caller's, within the endpoint's limits, or else the
 * endpoint's own. It bounds the cost, so there is always one.
 *
 * @throws InvalidRequest for one out of limits, or two
 */
export function readOutputLimit(
  body: JsonObject,
  api: keyof typeof OUTPUT_LIMITS,
  limits: EndpointLimits,
): Required<Pick<PassRequest, 'maxOutputTokens' | 'outputLimitName'>> {
  const { names, leastTokens } = OUTPUT_LIMITS[api];
  const mostTokens = limits.mostOutputTokens ?? limits.maxOutputTokens;
  const given = names.flatMap((name: LimitName) => {
    const tokens = readCount(body, name, leastTokens, mostTokens);
    return tokens === undefined ? [] : [{ outputLimitName: name, maxOutputTokens: tokens }];
  });
  const [first, second] = given;
  if (first && second) refuse(second.outputLimitName, `cannot stand beside ${first.outputLimitName}`);
  return first ?? { outputLimitName: names[0], maxOutputTokens: limits.maxOutputTokens };
}
