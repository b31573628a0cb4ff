import type * as z from 'zod';
import type { Administrator, ApiRequest } from './administrator.ts';
import { CliFailure, reasonOf, rootOf } from './failure.ts';
import { parseProblem } from './problem.ts';

/** API Gateway gives up after 29 s; a cold start and the way there are within this. */
const TIMEOUT_MS = 35_000;

/** A question to one of the routes for administrators. */
export interface Asked {
  /** What an error is about. */
  readonly thing: string;
  readonly method: ApiRequest['method'];
  /** With its query, encoded. */
  readonly path: string;
  readonly body?: object;
}

/** How a command speaks of what it asks for. */
export interface ApiWords {
  /** `a budget`: what a reply is to be. */
  readonly reply: string;
  /** What is added when a change may have been made and nobody said so. */
  readonly unsure: string;
}

/** Asks, and reads the reply. @throws CliFailure that tells in one line what the API says */
export type AskApi = <Output>(asked: Asked, schema: z.ZodType<Output>) => Promise<Output>;

/** Asks the API as its administrator. */
export function createAskApi(apiUrl: string, administrator: Administrator, words: ApiWords): AskApi {
  return async (asked, schema) => {
    const { status, text } = await send(apiUrl, administrator, asked, words);
    if (status !== 200 && status !== 201) throw new CliFailure(refusalOf(asked, status, text, administrator, words));
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    throw new CliFailure(
      `${asked.thing}: ${apiUrl} answered ${status}, but not with what this command knows as ${words.reply}`,
    );
  };
}

async function send(apiUrl: string, administrator: Administrator, asked: Asked, { unsure }: ApiWords) {
  const { thing, method, path, body } = asked;
  const request = { method, url: new URL(apiUrl + path), ...(body && { body: JSON.stringify(body) }) };
  const proof = await administrator.prove(request);
  try {
    const reply = await fetch(request.url, {
      method,
      headers: { ...proof, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: request.body as string }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: reply.status, text: await reply.text() };
  } catch (error) {
    const wasSent = (rootOf(error as Error) as NodeJS.ErrnoException).code !== 'ECONNREFUSED';
    throw new CliFailure(`${thing}: no answer (${reasonOf(error)})${method !== 'GET' && wasSent ? unsure : ''}`);
  }
}

/** What the API says, in one line. */
function refusalOf(
  { thing, method }: Asked,
  status: number,
  text: string,
  { advice }: Administrator,
  { unsure }: ApiWords,
): string {
  const { code, detail, requestId } = parseProblem(text);
  const said = code === undefined ? `${status} without a reason` : `${status} ${code}: ${detail ?? ''}`;
  const request = requestId === undefined ? '' : ` (request id ${requestId})`;
  const doubt = status === 401 || status === 403 ? `; ${advice}` : '';
  return `${thing}: ${said}${request}${doubt}${method !== 'GET' && status >= 500 ? unsure : ''}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
