import { Agent, request, type IncomingMessage } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { answerQuestions } from '../companion.ts';
import type { Load, LoadSeen, StreamKind, Target } from './load.ts';
import { FIRST_WORD, paceOf, type Pace } from './pace.ts';

/** Process of the clients, apart from all that is measured. They parse nothing: they look for the first token, and for the end. */
answerQuestions((question) => read(question as Load));

const LAST_WORDS: Readonly<Record<StreamKind, string>> = {
  chat: 'data: [DONE]\n\n',
  responses: 'event: response.completed\n',
  summarize: 'event: done\n',
};

/** Longer than any last words, which may come in two reads. */
const OVERLAP_BYTES = 64;

let asked = 0;

/** @throws Error for the first stream that is not whole */
async function read({ target, clients, streams, pace, isScattered }: Load): Promise<LoadSeen> {
  const agent = new Agent({ keepAlive: true });
  const firstTokenMs: number[] = [];
  let [chunks, reads, begun] = [0, 0, 0];
  const client = async (number: number): Promise<void> => {
    if (isScattered) await setTimeout((number / clients) * pace.chunks * pace.everyMs);
    while (begun < streams) {
      const own = isScattered ? { ...pace, chunks: scattered(pace.chunks, begun) } : pace;
      begun++;
      const seen = await readOne(target, own, agent);
      firstTokenMs.push(seen.firstTokenMs);
      reads += seen.reads;
      chunks += own.chunks;
    }
  };
  try {
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  } finally {
    agent.destroy();
  }
  return { firstTokenMs, chunks, reads };
}

/** From three quarters to five quarters, the same in every run. */
function scattered(chunks: number, number: number): number {
  return Math.round(chunks * (0.75 + 0.5 * ((number * 0.618_034) % 1)));
}

async function readOne(target: Target, pace: Pace, agent: Agent): Promise<{ firstTokenMs: number; reads: number }> {
  const body = JSON.stringify(bodyOf(target.kind, `Text ${++asked}. ${paceOf(pace)}`));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...target.headers,
  };
  const startedMs = performance.now();
  request(target.url, { method: 'POST', headers, agent }, resolve).once('error', reject).end(body);
  const reply = await promise;
  let firstTokenMs: number | undefined;
  let reads = 0;
  let isWhole = false;
  let tail = Buffer.alloc(0);
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    reads++;
    if (firstTokenMs === undefined && chunk.includes(FIRST_WORD)) firstTokenMs = performance.now() - startedMs;
    tail = Buffer.concat([tail.subarray(-OVERLAP_BYTES), chunk]);
    isWhole ||= tail.includes(LAST_WORDS[target.kind]);
  }
  if (reply.statusCode !== 200 || firstTokenMs === undefined || !isWhole) {
    throw new Error(`a stream of ${target.url} was not whole: ${reply.statusCode} … ${tail.subarray(-500).toString()}`);
  }
  return { firstTokenMs, reads };
}

function bodyOf(kind: StreamKind, text: string): object {
  switch (kind) {
    case 'chat':
      return { model: 'gpt-6-luna', messages: [{ role: 'user', content: text }], stream: true };
    case 'responses':
      return { model: 'gpt-6-luna', input: text, stream: true };
    case 'summarize':
      return { text, stream: true };
  }
}
