import * as z from 'zod';
import type { EndpointBudget, EndpointSpec, EntrySpec, RouteSpec, ScheduleSpec } from '#edge/specs.ts';
import { parseUsd } from '#platform/money.ts';
import { parametersOf } from './path-parameters.ts';

/** The least `max_output_tokens` that OpenAI takes. */
const LEAST_OUTPUT_TOKENS = 16;
const LONGEST_TIMEOUT_MS = 890_000;
/** So many items a reservation would read at the worst, to see what is left. */
const MOST_SHARDS = 100;
/** A week. */
const LONGEST_INTERVAL_MINUTES = 10_080;
/** What API Gateway takes as a path: plain segments, and parameters that are a whole one. */
const PATH = /^(?:\/(?:[\w.:-]+|\{[A-Za-z]\w*\}))+$/;

interface JsonNode {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, JsonNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: JsonNode;
  readonly anyOf?: readonly JsonNode[];
}

/**
 * What is wrong with a spec that types cannot tell, or that nobody checked because the file was only run: each fault names
 * the member, and what it must be. Told when the inventory is read, so that `npm start` and synth say it, and not a caller's 500.
 */
export function specFaults(spec: EntrySpec): string[] {
  switch (spec.kind) {
    case 'endpoint':
      return endpointFaults(spec);
    case 'route':
      return routeFaults(spec);
    case 'schedule':
      return scheduleFaults(spec);
    case 'authorizer':
      return [];
  }
}

function endpointFaults(spec: EndpointSpec): string[] {
  const { model, limits, budget, path, input, example, output, answers } = spec;
  const faults: string[] = [];
  if (path !== undefined && (!PATH.test(path) || parametersOf(path).length > 0)) {
    faults.push(`path must be one such as /v1/summarize, without parameters, but ${path} was given`);
  }
  if (typeof model !== 'object' || typeof model.model !== 'string' || !Array.isArray(model.fallbacks)) {
    faults.push('model must be a tier of functions/edge/models.ts');
  }
  const { timeoutMs, maxOutputTokens, leastOutputTokens } = limits;
  faults.push(...rangeFaults('limits.timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS));
  const least = answers === 'run' ? 0 : LEAST_OUTPUT_TOKENS;
  if (!Number.isInteger(maxOutputTokens) || maxOutputTokens < least) {
    faults.push(`limits.maxOutputTokens must be at least ${least}, but ${maxOutputTokens} was given`);
  }
  if (leastOutputTokens !== undefined) {
    faults.push(...rangeFaults('limits.leastOutputTokens', leastOutputTokens, LEAST_OUTPUT_TOKENS, maxOutputTokens));
  }
  if (budget) faults.push(...budgetFaults(budget));
  const parsed = input.safeParse(example);
  if (!parsed.success) faults.push(`example does not fit input: ${z.prettifyError(parsed.error)}`);
  const schemaFault = faultOf(() => z.toJSONSchema(output, { io: 'input' }));
  if (schemaFault !== undefined) faults.push(`output cannot be told as JSON Schema: ${schemaFault}`);
  else if (answers === 'json')
    faults.push(...strictFaults(z.toJSONSchema(output, { io: 'input' }) as JsonNode, 'output'));
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

function routeFaults({ method, path, query, body, timeoutMs }: RouteSpec): string[] {
  const faults = rangeFaults('timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS);
  if (!PATH.test(path)) faults.push(`path must be one such as /v1/budgets/{scope}, but ${path} was given`);
  if ((method === 'PUT') !== (body !== undefined)) faults.push('body must be given for a PUT, and for nothing else');
  const schemaFault = faultOf(() => [query, body].map((schema) => schema && z.toJSONSchema(schema, { io: 'input' })));
  if (schemaFault !== undefined) return [...faults, `query and body must be told as JSON Schema: ${schemaFault}`];
  const known = (z.toJSONSchema(query, { io: 'input' }) as JsonNode).properties ?? {};
  const parameters = parametersOf(path);
  for (const name of parameters) {
    if (!Object.hasOwn(known, name)) faults.push(`query must have ${name}, a parameter of the path ${path}`);
  }
  if (new Set(parameters).size < parameters.length)
    faults.push(`path must not name a parameter twice, but ${path} does`);
  if (body && Object.hasOwn(known, 'body')) faults.push('query must not have body, which is where the body stands');
  return faults;
}

function scheduleFaults({ everyMinutes, timeoutMs }: ScheduleSpec): string[] {
  return [
    ...rangeFaults('everyMinutes', everyMinutes, 1, LONGEST_INTERVAL_MINUTES),
    ...rangeFaults('timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS),
  ];
}

/** Of a whole number. */
function rangeFaults(name: string, given: number, least: number, most: number): string[] {
  if (Number.isInteger(given) && given >= least && given <= most) return [];
  return [`${name} must be from ${least} to ${most}, but ${given} was given`];
}

/**
 * Where a schema is not of the kind that OpenAI's structured outputs take
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 */
function strictFaults(node: JsonNode, place: string): string[] {
  if (place === 'output' && node.type !== 'object') {
    return ['output must be an object: OpenAI takes no other at the root of a structured output (use fromText or run)'];
  }
  const faults: string[] = [];
  if (node.type === 'object') {
    if (node.additionalProperties !== false) faults.push(`${place} must be a z.strictObject for a structured output`);
    for (const [name, member] of Object.entries(node.properties ?? {})) {
      if (!node.required?.includes(name)) {
        faults.push(
          `${place}.${name} must be required in a structured output (use .nullable() for what may be absent)`,
        );
      }
      faults.push(...strictFaults(member, `${place}.${name}`));
    }
  }
  if (node.items) faults.push(...strictFaults(node.items, `${place}[]`));
  for (const branch of node.anyOf ?? []) faults.push(...strictFaults(branch, place));
  return faults;
}

function faultOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
