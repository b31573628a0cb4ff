import {
  buildEmbeddingResponse,
  buildTextChunks,
  buildTextCompletion,
  buildTextStreamEvents,
} from '@copilotkit/aimock';
import { createServer, generateId, type Mountable } from '@copilotkit/aimock';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { answer, tokensOf, type Answer } from './simulated-answers.ts';
import { embed } from './simulated/embedding.ts';
import { moderate } from './simulated/moderation.ts';
import { readChatRequest, readEmbeddingsRequest, readModerationsRequest } from './simulated/requests.ts';
import { readResponsesRequest, type TextRequest } from './simulated/requests.ts';

const CHARS_PER_CHUNK = 24;
const LOOPBACK = '127.0.0.1';

export interface SimulatedUpstreamOptions {
  /** @default a free port */
  port?: number | undefined;
  /** The one key that is accepted; any other gets a 401. @default any key */
  apiKey?: string | undefined;
}

/** An upstream that answers. */
export interface SimulatedUpstream {
  /** What the OpenAI client takes as its `baseURL`. */
  baseUrl: string;
  stop(): Promise<void>;
}

/**
 * OpenAI on this machine: aimock's server (keys, request ids, and every route that is not named here), with Responses,
 * Chat Completions, embeddings and moderations answered by the rules in `simulated-answers.ts`. Those four are mounted
 * in front of aimock's own, because a fixture of aimock's sees neither a Responses request's schema nor each text of an
 * embeddings batch, and its replies leave out token details. Every reply bears `x-weir-upstream: simulated`.
 */
export async function startSimulatedUpstream(options: SimulatedUpstreamOptions = {}): Promise<SimulatedUpstream> {
  const auth = options.apiKey === undefined ? {} : { auth: { apiKeys: [options.apiKey] } };
  const settings = { port: options.port ?? 0, host: LOOPBACK, logLevel: 'silent' as const, ...auth };
  const { server, url } = await createServer([], settings, [{ path: '/v1', handler: routes }]);
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('x-weir-upstream', 'simulated');
  });
  return {
    baseUrl: `${url}/v1`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const ANSWERED: Readonly<Record<string, (body: unknown, response: ServerResponse) => void>> = {
  '/responses': (body, response) => replyToResponses(readResponsesRequest(body), response),
  '/chat/completions': (body, response) => replyToChat(readChatRequest(body), response),
  '/embeddings': (body, response) => json(response, 200, embeddings(body)),
  '/moderations': (body, response) => json(response, 200, moderations(body)),
};

const routes: Mountable = {
  async handleRequest(request, response, path) {
    const reply = Object.hasOwn(ANSWERED, path) ? ANSWERED[path] : undefined;
    if (request.method !== 'POST' || !reply) return false;
    try {
      reply(JSON.parse(await textOf(request)), response);
    } catch (error) {
      if (response.headersSent) throw error;
      json(response, 400, {
        error: { message: explain(error), type: 'invalid_request_error', param: null, code: null },
      });
    }
    return true;
  },
};

function replyToResponses(request: TextRequest, response: ServerResponse): void {
  const made = answer(request.ask);
  const events = buildTextStreamEvents(made.text, request.model, CHARS_PER_CHUNK);
  const last = events.at(-1);
  const finished = {
    ...(last?.['response'] as object),
    status: made.isCut ? 'incomplete' : 'completed',
    incomplete_details: made.isCut ? { reason: 'max_output_tokens' } : null,
    error: null,
    metadata: request.metadata,
    service_tier: request.tier,
    usage: {
      input_tokens: made.inputTokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: made.outputTokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: made.inputTokens + made.outputTokens,
    },
  };
  if (!request.isStream) return json(response, 200, finished);
  const type = made.isCut ? 'response.incomplete' : 'response.completed';
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const [sequence_number, event] of [...events.slice(0, -1), { type, response: finished }].entries()) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`);
  }
  response.end();
}

function replyToChat(request: TextRequest, response: ServerResponse): void {
  const made = answer(request.ask);
  const finishReason = made.isCut ? 'length' : 'stop';
  const common = { service_tier: request.tier };
  if (!request.isStream) {
    const completion = buildTextCompletion(made.text, request.model, undefined, { finishReason });
    return json(response, 200, { ...completion, ...common, usage: chatUsage(made) });
  }
  const chunks = buildTextChunks(made.text, request.model, CHARS_PER_CHUNK, undefined, { finishReason });
  const usageChunk = { ...chunks[0], choices: [], usage: chatUsage(made) };
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const chunk of [...chunks, ...(request.wantsUsage ? [usageChunk] : [])]) {
    response.write(`data: ${JSON.stringify({ ...chunk, ...common })}\n\n`);
  }
  response.end('data: [DONE]\n\n');
}

function chatUsage({ inputTokens, outputTokens }: Answer) {
  return {
    prompt_tokens: inputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens: outputTokens,
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

const LARGE_DIMENSIONS = 3072;
const SMALL_DIMENSIONS = 1536;

function embeddings(body: unknown): object {
  const { model, texts, tokenCounts, dimensions, isBase64 } = readEmbeddingsRequest(body);
  const size = dimensions ?? (model.includes('large') ? LARGE_DIMENSIONS : SMALL_DIMENSIONS);
  const vectors = texts.map((text) => embed(text, size));
  const tokens = texts.reduce((sum, text, i) => sum + (tokenCounts[i] ?? tokensOf(text)), 0);
  const reply = buildEmbeddingResponse(isBase64 ? texts.map(() => []) : vectors.map((vector) => [...vector]), model, {
    prompt_tokens: tokens,
    total_tokens: tokens,
  });
  if (!isBase64) return reply;
  const data = reply.data.map((item, i) => ({
    ...item,
    embedding: Buffer.from(vectors[i]!.buffer).toString('base64'),
  }));
  return { ...reply, data };
}

function moderations(body: unknown): object {
  const { model, texts } = readModerationsRequest(body);
  return { id: generateId('modr'), model, results: texts.map(moderate) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function explain(error: unknown): string {
  return error instanceof z.ZodError ? z.prettifyError(error) : String(error instanceof Error ? error.message : error);
}
