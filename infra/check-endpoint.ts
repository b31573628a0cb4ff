import * as z from 'zod';
import type { EndpointBudget, EndpointSpec } from '#edge/specs.ts';
import { streamWish } from '#edge/stream-wish.ts';
import { parseUsd } from '#platform/money.ts';
import { strictOutputFaults } from './check-strict-output.ts';
import { faultOf, rangeFaults } from './faults.ts';
import { parametersOf, ROUTE_PATH } from './path-parameters.ts';
import type { JsonNode } from './json-node.ts';

/** The least `max_output_tokens` that OpenAI takes. */
const LEAST_OUTPUT_TOKENS = 16;
/** What Lambda gives a function, less what comes after a call's deadline. */
const LONGEST_TIMEOUT_MS = 890_000;
/** What API Gateway gives a stream, less what settling the call and the way there take. */
const LONGEST_STREAM_MS = 870_000;
/** API Gateway cuts a stream of a regional API in which nothing is said for five minutes, and a plain reply says nothing until its end. */
const LONGEST_SILENCE_MS = 290_000;
const LEAST_IDLE_MS = 1_000;
/** So many items a reservation would read at the worst, to see what is left. */
const MOST_SHARDS = 100;
/** Fields of a streaming endpoint's body beside those of its input. */
const STREAM_FIELDS = Object.keys(streamWish.shape);

/** What is wrong with an endpoint's spec: each fault names the member, and what it must be. */
export function endpointFaults(spec: EndpointSpec): string[] {
  const { path, budget, input, example } = spec;
  const faults: string[] = [];
  if (path !== undefined && (!ROUTE_PATH.test(path) || parametersOf(path).length > 0)) {
    faults.push(`path must be one such as /v1/summarize, without parameters, but ${path} was given`);
  }
  faults.push(...modelFaults(spec), ...timeFaults(spec), ...tokenFaults(spec));
  if (budget) faults.push(...budgetFaults(budget));
  const parsed = input.safeParse(example);
  if (!parsed.success) faults.push(`example does not fit input: ${z.prettifyError(parsed.error)}`);
  return [...faults, ...evaluationFaults(spec), ...inputFaults(spec), ...outputFaults(spec)];
}

function evaluationFaults({ evaluations = [], input }: EndpointSpec): string[] {
  const faults = evaluations.flatMap((evaluation, index) => {
    const place = `evaluations.${index}`;
    const parsed = input.safeParse(evaluation.input);
    const own = parsed.success ? [] : [`${place}.input does not fit input: ${z.prettifyError(parsed.error)}`];
    return typeof evaluation.check === 'function' ? own : [...own, `${place}.check must be a function of the output`];
  });
  const names = evaluations.flatMap(({ name }) => name ?? []);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? faults : [...faults, `evaluations must differ in name, but '${twice}' is given twice`];
}

function modelFaults({ model, answers }: EndpointSpec): string[] {
  // The caller names it.
  if (model === undefined && answers === 'openai') return [];
  if (typeof model === 'object' && typeof model.model === 'string' && Array.isArray(model.fallbacks)) return [];
  return ['model must be a tier of functions/edge/models.ts'];
}

function timeFaults({ limits: { timeoutMs }, stream }: EndpointSpec): string[] {
  if (!stream) return rangeFaults('limits.timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS);
  const faults = rangeFaults('limits.timeoutMs', timeoutMs, 1, LONGEST_SILENCE_MS);
  faults.push(...rangeFaults('stream.timeoutMs', stream.timeoutMs, 1, LONGEST_STREAM_MS));
  if (stream.idleTimeoutMs !== undefined) {
    faults.push(...rangeFaults('stream.idleTimeoutMs', stream.idleTimeoutMs, LEAST_IDLE_MS, stream.timeoutMs));
  }
  return faults;
}

function tokenFaults({ limits, answers }: EndpointSpec): string[] {
  const { maxOutputTokens, mostOutputTokens, leastOutputTokens } = limits;
  const faults: string[] = [];
  const least = answers === 'run' || answers === 'openai' ? 0 : LEAST_OUTPUT_TOKENS;
  if (!Number.isInteger(maxOutputTokens) || maxOutputTokens < least) {
    faults.push(`limits.maxOutputTokens must be at least ${least}, but ${maxOutputTokens} was given`);
  }
  if (mostOutputTokens !== undefined && (!Number.isInteger(mostOutputTokens) || mostOutputTokens < maxOutputTokens)) {
    faults.push(
      `limits.mostOutputTokens must be at least maxOutputTokens, ${maxOutputTokens}, but ${mostOutputTokens} was given`,
    );
  }
  if (leastOutputTokens !== undefined) {
    faults.push(...rangeFaults('limits.leastOutputTokens', leastOutputTokens, LEAST_OUTPUT_TOKENS, maxOutputTokens));
  }
  return faults;
}

function budgetFaults({ monthlyUsd, dailyUsd, shards }: EndpointBudget): string[] {
  const faults = shards === undefined ? [] : rangeFaults('budget.shards', shards, 1, MOST_SHARDS);
  for (const [name, limitUsd] of Object.entries({ monthlyUsd, dailyUsd })) {
    if (limitUsd === undefined) continue;
    const fault = faultOf(() => parseUsd(limitUsd));
    if (fault !== undefined) faults.push(`budget.${name}: ${fault}`);
    else if (parseUsd(limitUsd) < 0n) faults.push(`budget.${name} must not be negative, but ${limitUsd} was given`);
  }
  return faults;
}

/** The wish for a stream stands in the body beside the input's own fields; OpenAI's bodies have a field of their own for it. */
function inputFaults({ input, stream, answers }: EndpointSpec): string[] {
  if (!stream || answers === 'openai') return [];
  const { type, properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as JsonNode;
  if (type !== 'object') return ['input must be an object where answers can be streamed'];
  return STREAM_FIELDS.filter((name) => Object.hasOwn(properties, name)).map(
    (name) => `input must not have ${name}, which a streaming endpoint's body has beside it`,
  );
}

function outputFaults({ output, answers }: EndpointSpec): string[] {
  const fault = faultOf(() => z.toJSONSchema(output, { io: 'input' }));
  if (fault !== undefined) return [`output cannot be told as JSON Schema: ${fault}`];
  return answers === 'json' ? strictOutputFaults(z.toJSONSchema(output, { io: 'input' }) as JsonNode) : [];
}
