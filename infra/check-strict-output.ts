import type { JsonNode } from './json-node.ts';

/**
 * Where a schema is not of the kind that OpenAI's structured outputs take; empty: nowhere
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 */
export function strictOutputFaults(root: JsonNode): string[] {
  if (root.type === 'object') return nodeFaults(root, 'output');
  return ['output must be an object: OpenAI takes no other at the root of a structured output (use fromText or run)'];
}

function nodeFaults(node: JsonNode, place: string): string[] {
  const faults: string[] = [];
  if (node.type === 'object') {
    if (node.additionalProperties !== false) faults.push(`${place} must be a z.strictObject for a structured output`);
    for (const [name, member] of Object.entries(node.properties ?? {})) {
      if (!node.required?.includes(name)) {
        faults.push(
          `${place}.${name} must be required in a structured output (use .nullable() for what may be absent)`,
        );
      }
      faults.push(...nodeFaults(member, `${place}.${name}`));
    }
  }
  if (node.items) faults.push(...nodeFaults(node.items, `${place}[]`));
  for (const branch of node.anyOf ?? []) faults.push(...nodeFaults(branch, place));
  return faults;
}
