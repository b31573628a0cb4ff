import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { FIRST_WORD, paceIn } from './pace.ts';

/** OpenAI thinks for a while; so the head of a reply is there before its first token is. */
const THINKING_MS = 20;
const WORDS = ['the', ' river', ' is', ' held', ' to', ' a', ' level', ' and', ' measured,', ' day', ' by', ' day.'];

type Route = '/v1/chat/completions' | '/v1/responses';

/**
 * An upstream that streams as OpenAI does, to a pace and of a length that the request's text names. What it sends is a stream of the
 * scripted upstream, taken once for each length and then repeated event by event: what it costs to make is not measured.
 */
export async function startPacedUpstream(): Promise<string> {
  const recorded = new Map<string, Promise<readonly string[]>>();
  const eventsFor = (route: Route, chunks: number, isUsageAsked: boolean): Promise<readonly string[]> => {
    const key = `${route} ${chunks} ${isUsageAsked}`;
    let events = recorded.get(key);
    if (!events) recorded.set(key, (events = record(route, chunks, isUsageAsked)));
    return events;
  };
  const server = createServer({ keepAliveTimeout: 600_000 }, (incoming, response) => {
    const serve = async (): Promise<void> => {
      const body = await text(incoming);
      const { chunks, everyMs } = paceIn(body);
      const route: Route = incoming.url?.endsWith('/responses') ? '/v1/responses' : '/v1/chat/completions';
      send(response, await eventsFor(route, chunks, body.includes('"include_usage":true')), everyMs);
    };
    serve().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The head at once, the first token after the thinking, and then a chunk at a time. */
function send(response: ServerResponse, events: readonly string[], everyMs: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': 'req_bench' });
  response.flushHeaders();
  let next = events.findIndex((event) => event.includes(FIRST_WORD)) + 1;
  const thought = setTimeout(() => {
    response.write(events.slice(0, next).join(''));
    const beat = setInterval(() => {
      const event = events[next++];
      if (event !== undefined) return void response.write(event);
      clearInterval(beat);
      response.end();
    }, everyMs);
    response.once('close', () => clearInterval(beat));
  }, THINKING_MS);
  response.once('close', () => clearTimeout(thought));
}

/** Each event as it goes over the wire; all that comes behind the last token is one. */
async function record(route: Route, chunks: number, isUsageAsked: boolean): Promise<readonly string[]> {
  await using upstream = await startScriptedUpstream();
  const words = Array.from({ length: chunks }, (_, at) => (at === 0 ? FIRST_WORD : WORDS[at % WORDS.length]!));
  upstream.otherwise(stream({ chunks: words, obfuscation: true }));
  const reply = await fetch(new URL(route, upstream.baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gpt-6-luna',
      stream: true,
      ...(route === '/v1/responses' ? { input: 'A river.' } : { messages: [{ role: 'user', content: 'A river.' }] }),
      ...(isUsageAsked && { stream_options: { include_usage: true } }),
    }),
  });
  const events = (await reply.text()).split(/(?<=\n\n)/);
  const lastToken = events.findLastIndex((event) => /"(?:content|delta)":"[^"]/.test(event));
  return [...events.slice(0, lastToken + 1), events.slice(lastToken + 1).join('')];
}
