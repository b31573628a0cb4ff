import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bill } from './scripted-bill.ts';
import type { Ending, Exchange, RecordedRequest, RequestBody, Route } from './scripted-exchange.ts';

type Writable<Record> = { -readonly [Field in keyof Record]: Record[Field] };

const routes: Readonly<Record<string, Route>> = {
  'POST /v1/responses': 'responses',
  'POST /v1/chat/completions': 'chat',
  'POST /v1/embeddings': 'embeddings',
  'POST /v1/moderations': 'moderations',
  'GET /v1/models': 'models',
};

/** What OpenAI sends along with every reply, good or bad. The organisation is one that must not be passed on. */
const standingHeaders = {
  'openai-organization': 'org-scripted',
  'openai-project': 'proj_scripted',
  'openai-processing-ms': '5',
  'openai-version': '2020-10-01',
};

export interface Intake {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly rawBody: string;
  readonly requestId: string;
  readonly bill: Bill;
  readonly now: () => number;
  /** Whether the upstream is being stopped, so that a lost connection is its own doing. */
  readonly isStopping: () => boolean;
}

/** Makes of a request that has come in on a socket what a step works with, and watches how the exchange ends. */
export function openExchange({ incoming, response, rawBody, requestId, bill, now, isStopping }: Intake): Exchange {
  const { method = '', url = '', headers } = incoming;
  const { pathname: path } = new URL(url, 'http://127.0.0.1');
  const ending = Promise.withResolvers<Ending>();
  const over = new AbortController();
  let isCut = false;

  const request: Writable<RecordedRequest> = {
    requestId,
    method,
    path,
    headers,
    rawBody,
    body: parseObject(rawBody),
    key: /^Bearer (.*)$/u.exec(headers.authorization ?? '')?.[1],
    atMs: now(),
    clientLeftAtMs: undefined,
    ending: ending.promise,
  };

  response.once('close', () => {
    const servedOrLeft = response.writableFinished ? 'served' : 'client left';
    const how = isCut || isStopping() ? 'cut' : servedOrLeft;
    if (how === 'client left') request.clientLeftAtMs = now();
    over.abort();
    ending.resolve(how);
  });
  for (const [name, value] of Object.entries(standingHeaders)) response.setHeader(name, value);
  response.setHeader('x-request-id', requestId);

  const cut: Exchange['cut'] = (how) => {
    isCut = true;
    if (how === 'reset') incoming.socket.resetAndDestroy();
    else response.write('', () => incoming.socket.destroy());
  };
  return { route: routes[`${method} ${path}`] ?? 'unknown', request, response, bill, over: over.signal, cut };
}

function parseObject(json: string): RequestBody {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RequestBody) : {};
  } catch {
    return {};
  }
}
