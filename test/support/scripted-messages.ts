import type { RequestBody } from './scripted-exchange.ts';

/** Every text of a request that a model reads, its instructions first. */
export function inputTexts(body: RequestBody): string[] {
  const instructions = body.instructions === undefined ? [] : [body.instructions];
  return [...instructions, ...messagesOf(body).map(({ text }) => text)];
}

/** What the user said last; empty where no user said anything. */
export function lastUserText(body: RequestBody): string {
  return messagesOf(body).findLast(({ role }) => role === 'user')?.text ?? '';
}

interface Message {
  readonly role: string;
  readonly text: string;
}

function messagesOf(body: RequestBody): Message[] {
  const written = body.input ?? body.messages;
  if (typeof written === 'string') return [{ role: 'user', text: written }];
  return Array.isArray(written) ? written.map(messageOf) : [];
}

/** Messages of either API, and the items of a tool's use, whose text stands in `arguments` or `output`. */
function messageOf(item: { role?: string; content?: unknown; output?: unknown; arguments?: unknown }): Message {
  return { role: item.role ?? 'tool', text: textOf(item.content ?? item.output ?? item.arguments) };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map(textOf).join('');
  if (typeof content !== 'object' || content === null || !('text' in content)) return '';
  return typeof content.text === 'string' ? content.text : '';
}
