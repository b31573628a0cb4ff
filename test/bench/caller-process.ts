import { createRequire } from 'node:module';
import { lookAtRest, type AtRest } from './at-rest.ts';
import { answerQuestions } from './companion.ts';

export type CallerQuestion = { readonly what: 'call'; readonly events: readonly unknown[] } | { readonly what: 'rest' };

/** A block of calls, made one after the other. */
export interface CallsMade {
  /** User and system time of this process, its garbage collector included. */
  readonly cpuMs: number;
  /** Replies by their status and `x-weir-cache`: `200 miss`. */
  readonly replies: Readonly<Record<string, number>>;
}

type Invoke = (handler: object, event: unknown, context: object) => Promise<unknown>;

/** Process of a warm Lambda environment: calls the handler of a bundle as Lambda does. Argument: the bundle's file. */
const require = createRequire(import.meta.url);
// First, for it provides Lambda's global.
const { invoke } = require('../support/bundle-invoke.cjs') as { invoke: Invoke };
const bundle = require(process.argv[2] ?? '') as { handler: object };

answerQuestions((question): Promise<CallsMade | AtRest> => {
  const asked = question as CallerQuestion;
  return asked.what === 'call' ? makeCalls(asked.events) : lookAtRest();
});

async function makeCalls(events: readonly unknown[]): Promise<CallsMade> {
  const replies: unknown[] = [];
  const before = process.cpuUsage();
  for (const event of events) replies.push(await invoke(bundle.handler, event, contextOf()));
  const { user, system } = process.cpuUsage(before);
  const kinds: Record<string, number> = {};
  for (const kind of replies.map(kindOf)) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return { cpuMs: (user + system) / 1000, replies: kinds };
}

/** Lambda gives each call a context of its own. */
function contextOf() {
  const endsAtMs = Date.now() + 29_000;
  return { awsRequestId: 'bench', getRemainingTimeInMillis: () => endsAtMs - Date.now() };
}

function kindOf(reply: unknown): string {
  const { statusCode, headers } = reply as { statusCode?: number; headers?: Record<string, string> };
  return `${statusCode} ${headers?.['x-weir-cache'] ?? ''}`.trimEnd();
}
