import { performance } from 'node:perf_hooks';
import type { ServerSentEvent } from '#test/support/server-sent-events.ts';
import { streamRequest } from '#test/support/stream-request.ts';
import type { StreamKind } from '../load.ts';
import { piecesFor } from './story.ts';
import type { WeirAddress } from './weir-process.ts';

/** What a stream was like that was whole, and its own. */
export interface StreamRead {
  readonly firstTokenMs: number;
  readonly chunks: number;
}

/** What was heard of a stream so far. */
interface Heard {
  text: string;
  /** What the last event says that the text was. */
  whole: string | undefined;
  ended: boolean;
}

interface ChatChunk {
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
}

interface LastEvent {
  readonly response: { readonly output: readonly { readonly content: readonly { readonly text: string }[] }[] };
}

interface Form {
  readonly path: string;
  body(text: string): object;
  hear(event: ServerSentEvent, heard: Heard): void;
}

const MODEL = 'gpt-6-luna';

const FORMS: Readonly<Record<StreamKind, Form>> = {
  chat: {
    path: '/openai/v1/chat/completions',
    body: (text) => ({ model: MODEL, messages: [{ role: 'user', content: text }], stream: true }),
    hear({ data }, heard) {
      if (data === '[DONE]') return void (heard.ended = true);
      const [choice] = (JSON.parse(data) as ChatChunk).choices;
      heard.text += choice?.delta.content ?? '';
      if (choice?.finish_reason === 'stop') heard.whole = heard.text;
    },
  },
  responses: {
    path: '/openai/v1/responses',
    body: (text) => ({ model: MODEL, input: text, stream: true }),
    hear({ event, data }, heard) {
      if (event === 'response.output_text.delta') heard.text += (JSON.parse(data) as { delta: string }).delta;
      if (event !== 'response.completed') return;
      const { response } = JSON.parse(data) as LastEvent;
      heard.whole = response.output.flatMap(({ content }) => content.map(({ text }) => text)).join('');
      heard.ended = true;
    },
  },
  summarize: {
    path: '/v1/summarize',
    body: (text) => ({ text, stream: true }),
    hear({ event, data }, heard) {
      if (event === 'text') heard.text += (JSON.parse(data) as { text: string }).text;
      if (event !== 'done') return;
      heard.whole = (JSON.parse(data) as { output: { summary: string } }).output.summary;
      heard.ended = true;
    },
  },
};

/** Reads a stream to its end. @throws Error unless its text is the tag's own, whole, and said to be whole */
export async function readStream(kind: StreamKind, weir: WeirAddress, tag: string): Promise<StreamRead> {
  const form = FORMS[kind];
  const startedMs = performance.now();
  const reply = await streamRequest(weir.url + form.path, {
    headers: { authorization: `Bearer ${weir.callerKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(form.body(`Tell of ${tag}, at length.`)),
  });
  if (reply.status !== 200) throw new Error(`${kind} of ${tag}: ${reply.status} ${await reply.text()}`);
  const heard: Heard = { text: '', whole: undefined, ended: false };
  let firstTokenMs: number | undefined;
  let chunks = 0;
  for await (const event of reply.events) {
    if (event.comment !== undefined) continue;
    if (heard.ended) throw new Error(`${kind} of ${tag}: an event came behind the last`);
    form.hear(event, heard);
    chunks++;
    if (heard.text !== '') firstTokenMs ??= performance.now() - startedMs;
  }
  const expected = piecesFor(tag).join('');
  if (!heard.ended || heard.text !== expected || heard.whole !== expected || firstTokenMs === undefined)
    throw new Error(`${kind} of ${tag}: ended ${heard.ended}, and its text was '${heard.text.slice(0, 200)}'`);
  return { firstTokenMs, chunks };
}
