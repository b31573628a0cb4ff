import { createServer, type Mountable } from '@copilotkit/aimock';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { answer, type Answer } from './simulated-answers.ts';
import { SimulatedAdmin } from './simulated/admin-api.ts';
import { chatEvents, chatReply } from './simulated/chat-reply.ts';
import { readChatRequest } from './simulated/chat-request.ts';
import { embeddingsReply } from './simulated/embeddings-reply.ts';
import { sendEvents, type StreamEvent } from './simulated/event-stream.ts';
import { moderationsReply } from './simulated/moderations-reply.ts';
import { responsesEvents, responsesReply } from './simulated/responses-reply.ts';
import { readResponsesRequest } from './simulated/responses-request.ts';
import type { TextRequest } from './simulated/text-request.ts';

const LOOPBACK = '127.0.0.1';
const PIECE_EVERY_MS = 10;

export interface SimulatedUpstreamOptions {
  /** @default a free port */
  port?: number | undefined;
  /** The one key that is accepted; any other gets a 401. @default any key */
  apiKey?: string | undefined;
  /** The time that a piece of a streamed answer takes, on the real clock. @default 10 */
  pieceEveryMs?: number | undefined;
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
  const { server, url } = await createServer([], settings, [
    { path: '/v1', handler: routes(options.pieceEveryMs ?? PIECE_EVERY_MS) },
  ]);
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

/** A kind of request for text: how it is read, and its reply in both ways. */
interface TextApi {
  read(body: unknown): TextRequest;
  reply(request: TextRequest, made: Answer): object;
  events(request: TextRequest, made: Answer): StreamEvent[];
}

const TEXTS: Readonly<Record<string, TextApi>> = {
  '/responses': { read: readResponsesRequest, reply: responsesReply, events: responsesEvents },
  '/chat/completions': { read: readChatRequest, reply: chatReply, events: chatEvents },
};

const OTHERS: Readonly<Record<string, (body: unknown) => object>> = {
  '/embeddings': embeddingsReply,
  '/moderations': moderationsReply,
};

function routes(pieceEveryMs: number): Mountable {
  const replyTo = async (path: string, body: unknown, response: ServerResponse): Promise<void> => {
    const api = TEXTS[path];
    if (!api) return json(response, 200, OTHERS[path]!(body));
    const request = api.read(body);
    const made = answer(request.ask);
    if (!request.isStream) return json(response, 200, api.reply(request, made));
    await sendEvents(response, api.events(request, made), pieceEveryMs);
  };
  const admin = new SimulatedAdmin();
  return {
    async handleRequest(request, response, path) {
      if (path.startsWith('/organization/')) return administer(admin, request, response);
      const isAnswered = Object.hasOwn(TEXTS, path) || Object.hasOwn(OTHERS, path);
      if (request.method !== 'POST' || !isAnswered) return false;
      try {
        await replyTo(path, JSON.parse(await textOf(request)), response);
      } catch (error) {
        if (response.headersSent) throw error;
        json(response, 400, {
          error: { message: explain(error), type: 'invalid_request_error', param: null, code: null },
        });
      }
      return true;
    },
  };
}

/** The Admin API, so that rotation can be tried here: keys come and go, though any key opens this upstream. */
async function administer(admin: SimulatedAdmin, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const path = (request.url ?? '').replace(/^\/v1/, '');
  const body = await textOf(request);
  const read = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  const reply = admin.handle({ method: request.method ?? 'GET', path, body: read });
  if (reply) json(response, reply.status, reply.body);
  return reply !== undefined;
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
