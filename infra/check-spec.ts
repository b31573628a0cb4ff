import * as z from 'zod';
import type { EndpointSpec, EntrySpec } from '#edge/specs.ts';
import { parseUsd } from '#platform/money.ts';

/** The least `max_output_tokens` that OpenAI takes. */
const LEAST_OUTPUT_TOKENS = 16;
const LONGEST_TIMEOUT_MS = 890_000;

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
  return spec.kind === 'endpoint' ? endpointFaults(spec) : [];
}

function endpointFaults({ model, limits, budget, input, example, output, answers }: EndpointSpec): string[] {
  const faults: string[] = [];
  if (typeof model !== 'object' || typeof model.model !== 'string' || !Array.isArray(model.fallbacks)) {
    faults.push('model must be a tier of functions/edge/models.ts');
  }
  const { timeoutMs, maxOutputTokens } = limits;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > LONGEST_TIMEOUT_MS) {
    faults.push(`limits.timeoutMs must be from 1 to ${LONGEST_TIMEOUT_MS}, but ${timeoutMs} was given`);
  }
  const least = answers === 'run' ? 0 : LEAST_OUTPUT_TOKENS;
  if (!Number.isInteger(maxOutputTokens) || maxOutputTokens < least) {
    faults.push(`limits.maxOutputTokens must be at least ${least}, but ${maxOutputTokens} was given`);
  }
  const budgetFault = budget && faultOf(() => parseUsd(budget.monthlyUsd));
  if (budgetFault !== undefined) faults.push(`budget.monthlyUsd: ${budgetFault}`);
  const parsed = input.safeParse(example);
  if (!parsed.success) faults.push(`example does not fit input: ${z.prettifyError(parsed.error)}`);
  const schemaFault = faultOf(() => z.toJSONSchema(output, { io: 'input' }));
  if (schemaFault !== undefined) faults.push(`output cannot be told as JSON Schema: ${schemaFault}`);
  else if (answers === 'json')
    faults.push(...strictFaults(z.toJSONSchema(output, { io: 'input' }) as JsonNode, 'output'));
  return faults;
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
