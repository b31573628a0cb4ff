import * as z from 'zod';
import type { InputItem } from '#protocol/request.ts';
import { showValue } from './shown.ts';
import { redactLine } from './redact-line.ts';

const MOST_TURNS = 1_000;
const MOST_CALLS_PER_TURN = 128;

const callId = z.string().min(1).max(64);
const toolCall = z.strictObject({
  id: callId,
  name: z.string().regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'),
  arguments: z.string().describe('JSON, as the model gave it.'),
});

const turn = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('user'), content: z.string().min(1) }),
  z
    .strictObject({ role: z.literal('system'), content: z.string().min(1) })
    .describe('The caller’s own instructions to the model.'),
  z
    .strictObject({
      role: z.literal('assistant'),
      content: z.string().optional(),
      tool_calls: z.array(toolCall).min(1).max(MOST_CALLS_PER_TURN).optional(),
    })
    .describe('What the model said, what it had called, or both.'),
  z
    .strictObject({ role: z.literal('tool'), tool_call_id: callId, content: z.string() })
    .describe('What one call gave.'),
]);

/** One turn of a conversation, as a caller gives it. */
export type Turn = z.output<typeof turn>;

/** A conversation that a model can answer: it ends with what is to be answered, and each tool call has its one result behind it. */
export const conversation = z
  .array(turn)
  .min(1)
  .max(MOST_TURNS)
  .check(({ value: turns, issues }) => {
    const fault = (path: readonly (string | number)[], message: string) =>
      void issues.push({ code: 'custom', path: [...path], message, input: undefined });
    const last = turns.at(-1)?.role;
    if (last !== 'user' && last !== 'tool')
      fault([turns.length - 1, 'role'], `must be user or tool in the last turn, but ${showValue(last)} was provided`);
    findUnpaired(turns, fault);
  });

/** A call without a result, or a result without a call, is refused upstream, and would not be understood. */
function findUnpaired(
  turns: readonly Turn[],
  fault: (path: readonly (string | number)[], message: string) => void,
): void {
  const ids = new Set<string>();
  const open = new Map<string, readonly (string | number)[]>();
  for (const [index, each] of turns.entries()) {
    if (each.role === 'tool' && !open.delete(each.tool_call_id))
      fault([index, 'tool_call_id'], 'must be the id of a call before it that has no result yet');
    if (each.role !== 'assistant') continue;
    if (each.content === undefined && each.tool_calls === undefined) fault([index], 'must have content or tool_calls');
    for (const [at, { id }] of (each.tool_calls ?? []).entries()) {
      const path = [index, 'tool_calls', at, 'id'];
      if (ids.has(id)) fault(path, `must differ from those of all other calls, but ${showValue(id)} was given twice`);
      else open.set(id, path);
      ids.add(id);
    }
  }
  for (const path of open.values()) fault(path, 'must have a turn of role tool behind it with its result');
}

/** A turn as the model reads it. The caller's instructions keep their weight, and stay apart from ours. */
export function itemsOf(spoken: Turn): InputItem[] {
  switch (spoken.role) {
    case 'user':
      return [{ type: 'message', role: 'user', text: spoken.content }];
    case 'system':
      return [{ type: 'message', role: 'developer', text: spoken.content }];
    case 'tool':
      return [{ type: 'tool-result', callId: spoken.tool_call_id, output: spoken.content }];
    case 'assistant': {
      const { content = '', tool_calls: calls = [] } = spoken;
      const said: InputItem[] = content === '' ? [] : [{ type: 'message', role: 'assistant', text: content }];
      return said.concat(
        calls.map(({ id, name, arguments: given }) => ({ type: 'tool-call', callId: id, name, arguments: given })),
      );
    }
  }
}

/** So much of the beginning, and of its instructions, tells what a conversation is about. */
const MOST_OPENING_CHARS = 4_000;

/** How a conversation begins, at a bounded length: the first of the user's turns, and the system's before it. */
export function openingOf(turns: readonly Turn[]): { readonly system: string; readonly user: string } {
  const firstUser = turns.findIndex(({ role }) => role === 'user');
  const system = turns.slice(0, firstUser + 1).flatMap((each) => (each.role === 'system' ? [each.content] : []));
  return { system: shortened(system.join('\n')), user: shortened(turns[firstUser]?.content ?? '') };
}

/**
 * Head and tail: a question stands before or behind what it is about. Masked first, whatever the policy: half a secret is not known
 * for one, and who only sorts conversations needs no originals.
 */
function shortened(whole: string): string {
  if (whole.length <= MOST_OPENING_CHARS) return whole;
  const text = redactLine(whole);
  const half = MOST_OPENING_CHARS / 2;
  return text.length <= MOST_OPENING_CHARS ? text : `${text.slice(0, half)} … ${text.slice(-half)}`;
}
