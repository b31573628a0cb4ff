import { isJsonObject } from '#protocol/pass-content.ts';
import type { JsonObject } from '#protocol/request.ts';
import { showValue } from '../shown.ts';
import { refuse, refuseValue } from './refuse.ts';

/** The tools that the caller's own program runs, whose whole cost is in the tokens of the request and its answer. */
const OWN = new Set<unknown>(['function', 'custom']);

/**
 * Lets only functions and custom tools pass, also within namespaces. OpenAI's own tools bill by the call, by the minute or
 * by what they read, add to the prompt what nobody publishes, and how often the model uses them is not known before.
 *
 * @throws InvalidRequest that names the first other tool
 */
export function refuseHostedTools(body: JsonObject): void {
  const tools = body['tools'] ?? [];
  if (!Array.isArray(tools)) return refuseValue('tools', 'be an array', tools);
  tools.forEach((tool: unknown, index) => {
    if (!isJsonObject(tool)) refuseValue(`tools.${index}`, 'be an object', tool);
    else if (typeof tool['type'] !== 'string')
      refuseValue(`tools.${index}.type`, 'be function or custom', tool['type']);
  });
  refuseHostedToolsIn(body, '');
}

/**
 * The same for the tools that an item of a conversation brings along, or a namespace holds. What has no type is no tool of
 * OpenAI's, whatever else it may be.
 *
 * @param place of the holder, with a point at its end
 */
export function refuseHostedToolsIn(holder: JsonObject, place: string): void {
  const { tools } = holder;
  if (!Array.isArray(tools)) return;
  tools.forEach((tool: unknown, index) => {
    if (!isJsonObject(tool) || typeof tool['type'] !== 'string' || OWN.has(tool['type'])) return;
    const at = `${place}tools.${index}.`;
    if (tool['type'] === 'namespace') refuseHostedToolsIn(tool, at);
    else refuse(`${at}type`, `must be function or custom: what ${showValue(tool['type'])} costs cannot be bounded`);
  });
}
