import type { JsonSchema } from './schema-parts.ts';
import { rankChoices, spaced } from './labels.ts';
import { sharedStems, stemsOf } from './words.ts';

/** A function that a request offers. */
export interface Tool {
  name: string;
  description: string;
  parameters: JsonSchema;
}

/** Tools, and how free the model is to use them. */
export interface Toolbox {
  tools: readonly Tool[];
  /** One of them has to be called. */
  isRequired: boolean;
  /** What came back from calls since the user last spoke. */
  results: readonly string[];
}

/**
 * The tool to call: none where there is a result already; else that whose name and description share most words with the
 * text, if one has to be called or the text has a word of its name.
 */
export function chooseTool({ tools, isRequired, results }: Toolbox, text: string): Tool | undefined {
  if (results.length > 0) return undefined;
  const words = new Set(stemsOf(text));
  const isNamed = ({ name }: Tool) => text.includes(name) || sharedStems(spaced(name), words) > 0;
  const fitting = isRequired ? tools : tools.filter(isNamed);
  const choices = fitting.map(({ name, description }) => ({ value: name, description }));
  const best = rankChoices(choices, text, '')[0]?.value;
  return fitting.find(({ name }) => text.includes(name)) ?? fitting.find(({ name }) => name === best);
}

/** As requests write it, in either API: the same members, at two depths. */
interface WrittenTool {
  type?: string | undefined;
  name?: string | undefined;
  description?: string | null | undefined;
  parameters?: JsonSchema | null | undefined;
  function?: WrittenTool | undefined;
}

/** The same for `tool_choice`: a word, or the name of what has to be called, or a list of what may be. */
export type WrittenChoice =
  | string
  | {
      type?: string | undefined;
      mode?: string | undefined;
      name?: string | undefined;
      function?: { name?: string | undefined } | undefined;
      tools?: readonly WrittenTool[] | undefined;
      allowed_tools?: { mode?: string | undefined; tools?: readonly WrittenTool[] | undefined } | undefined;
    };

/** The functions that a request lets the model call. Other kinds of tools are nothing that can be simulated. */
export function toolboxOf(
  written: readonly WrittenTool[],
  choice: WrittenChoice | null | undefined,
  results: readonly string[],
): Toolbox {
  const functions = written.filter(({ type }) => type === 'function').map((tool) => tool.function ?? tool);
  const tools = functions.map(({ name = '', description, parameters }) => ({
    name,
    description: description ?? '',
    parameters: parameters ?? { type: 'object' },
  }));
  const { names, isRequired } = chosen(choice ?? 'auto');
  return { tools: names ? tools.filter(({ name }) => names.includes(name)) : tools, isRequired, results };
}

function chosen(choice: WrittenChoice): { names?: readonly (string | undefined)[]; isRequired: boolean } {
  if (typeof choice === 'string') return { isRequired: choice === 'required', ...(choice === 'none' && { names: [] }) };
  const { mode, tools } = choice.allowed_tools ?? choice;
  if (tools) return { names: tools.map((tool) => tool.function?.name ?? tool.name), isRequired: mode === 'required' };
  return { names: [choice.function?.name ?? choice.name], isRequired: true };
}
