import { parseServerSentEvents, type ServerSentEvent } from '#test/support/server-sent-events.ts';
import type { StreamedReply } from '#test/support/streamed-reply.ts';

/** A route that streams, and how a test asks it: all three are asked to say what the scripted upstream says. */
export interface Way {
  readonly entry: 'summarize' | 'openai/chat-completions' | 'openai/responses';
  readonly path: string;
  /** Without `stream`. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** All routes that stream. */
export const WAYS: readonly Way[] = [
  { entry: 'summarize', path: '/v1/summarize', body: { text: 'A weir is a low wall across a river.' } },
  {
    entry: 'openai/chat-completions',
    path: '/openai/v1/chat/completions',
    body: {
      model: 'gpt-6-luna',
      messages: [{ role: 'user', content: 'What is a weir?' }],
      max_completion_tokens: 2_000,
    },
  },
  {
    entry: 'openai/responses',
    path: '/openai/v1/responses',
    body: { model: 'gpt-6-luna', input: 'What is a weir?', max_output_tokens: 2_000 },
  },
];

export const [SUMMARIZE, CHAT, RESPONSES] = WAYS as [Way, Way, Way];

/** What a caller makes of a stream. */
export interface Heard {
  /** The model's words. */
  readonly text: string;
  /** The code of the error event, which is then the last event. */
  readonly error: string | undefined;
  /** The event came by which the route says that its answer is whole. */
  readonly isWhole: boolean;
  /** What the route tells at its end of the call: the `done` event, or the trailing comment. */
  readonly receipt: Readonly<Record<string, unknown>> | undefined;
  readonly events: readonly ServerSentEvent[];
}

/** Reads a stream to its end, as a client of that route does. */
export async function hear(reply: StreamedReply): Promise<Heard> {
  return heardOf(await Array.fromAsync(reply.events));
}

/** The same of a stream that is there whole. */
export async function hearText(text: string): Promise<Heard> {
  const whole = (async function* () {
    yield Buffer.from(text);
  })();
  return heardOf(await Array.fromAsync(parseServerSentEvents(whole)));
}

function heardOf(events: readonly ServerSentEvent[]): Heard {
  let text = '';
  let error: string | undefined;
  let isWhole = false;
  let receipt: Heard['receipt'];
  for (const { event, data, comment } of events) {
    if (comment?.startsWith('weir ')) receipt = JSON.parse(comment.slice(5)) as Heard['receipt'];
    if (comment !== undefined) continue;
    if (data === '[DONE]') {
      isWhole = true;
      continue;
    }
    const told = JSON.parse(data) as Told;
    if (event === 'error' || told.error) error = told.error?.code ?? told.code;
    if (event === 'text') text += told.text;
    if (event === 'response.output_text.delta') text += told.delta as string;
    if (event === undefined) text += told.choices?.[0]?.delta?.content ?? '';
    if (event === 'done') receipt = told as Heard['receipt'];
    if (event === 'done' || event === 'response.completed') isWhole = true;
  }
  return { text, error, isWhole, receipt, events };
}

interface Told {
  readonly text?: string;
  readonly delta?: string;
  readonly code?: string;
  readonly error?: { readonly code?: string };
  readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
}
