import type { BillLine } from './scripted-bill.ts';
import { chatBody } from './scripted-chat.ts';
import { complete, usageOf, type Completion, type Said } from './scripted-completion.ts';
import { embeddingsBody, embeddingTokens } from './scripted-embeddings.ts';
import type { Exchange } from './scripted-exchange.ts';
import { withFuture } from './scripted-noise.ts';
import { moderationsBody } from './scripted-moderations.ts';
import { responseBody } from './scripted-responses.ts';

/** What the test wants done: said, embedded or judged. */
export interface Done extends Said {
  /** Moderations only. @default false */
  readonly flagged?: boolean;
}

/** Work that was done and, where OpenAI bills it, billed. How the reply gets to the client is another matter. */
export interface Work {
  /** The whole plain reply. */
  readonly reply: object;
  /** Undefined where there is nothing to bill: moderations, and the list of models. */
  readonly line: BillLine | undefined;
  readonly reportsUsage: boolean;
}

/** The same for the two APIs in which a model writes, whose replies can also be streamed. */
export interface WrittenWork extends Work {
  readonly line: BillLine;
  readonly completion: Completion;
}

/** Does what the request asks for, and puts it on the bill: from here on it costs, whatever becomes of the reply. */
export function doWork(exchange: Exchange, done: Done): Work {
  const work = workOf(exchange, done);
  return done.noise ? { ...work, reply: withFuture(work.reply) as object } : work;
}

function workOf(exchange: Exchange, done: Done): Work {
  switch (exchange.route) {
    case 'responses':
    case 'chat':
      return write(exchange, done);
    case 'embeddings':
      return embed(exchange, done);
    case 'moderations':
      return { reply: moderationsBody(exchange, done.flagged ?? false), line: undefined, reportsUsage: true };
    case 'models':
      return { reply: modelList(exchange), line: undefined, reportsUsage: true };
    default:
      throw new Error(`There is no work to do at ${exchange.request.path}`);
  }
}

/** Has the model write. @throws Error on a route on which no model writes */
export function write(exchange: Exchange, said: Said): WrittenWork {
  const { route, request, bill } = exchange;
  if (route !== 'responses' && route !== 'chat') throw new Error(`No model writes at ${request.path}`);
  const completion = complete(exchange, said);
  const line = bill.charge({ requestId: request.requestId, kind: route, ...completion });
  const reply = route === 'responses' ? responseBody(completion) : chatBody(completion);
  return { reply, line, completion, reportsUsage: completion.reportsUsage };
}

function embed({ request, bill }: Exchange, said: Said): Work {
  const usage = usageOf(embeddingTokens(request.body), 0, said.usage);
  const model = said.model ?? request.body.model ?? 'unnamed-model';
  const line = bill.charge({ requestId: request.requestId, kind: 'embeddings', model, serviceTier: null, usage });
  const reportsUsage = said.usage !== 'absent';
  const reply = embeddingsBody(request.body, model, reportsUsage ? usage.inputTokens : undefined);
  return { reply, line, reportsUsage };
}

function modelList({ bill, request }: Exchange): object {
  const created = Math.floor(request.atMs / 1000);
  return { object: 'list', data: bill.models.map((id) => ({ id, object: 'model', created, owned_by: 'system' })) };
}
