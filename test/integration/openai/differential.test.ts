/**
 * The same request, byte for byte, through Weir and straight to the upstream, which is scripted alike both times: what comes back
 * is equal byte for byte, and so is what the upstream was sent, except for what is listed here.
 *
 * - What Weir puts into a request that lacks it (I8): an output limit, `detail: high` on pictures, `store: false`,
 *   `service_tier: default`, `stream_options.include_usage`, and who asks (`safety_identifier`).
 * - Headers. OpenAI's own stay behind; Weir has its own.
 * - The comment that follows a stream, and those before its first event.
 */
import { mkdtemp } from 'node:fs/promises';
import { request as sendRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SECURITY_HEADERS } from '#edge/security-headers.ts';
import { startLocalWeir } from '#infra/local/local-weir.ts';
import { LocalGateway } from '#test/support/local-gateway.ts';
import {
  badRequest,
  contextLengthExceeded,
  forbidden,
  invalidApiKey,
  modelNotFound,
  quotaExhausted,
  rateLimited,
  serverError,
  unavailable,
  unprocessable,
} from '#test/support/scripted-failures.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { testKey } from '#test/support/test-key.ts';
import { model, type Case } from './cases/case.ts';
import { CHAT } from './cases/chat.ts';
import { OTHERS } from './cases/others.ts';
import { RESPONSES } from './cases/responses.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const OUTPUT_LIMIT = 16_384;

let gateway: LocalGateway;
let direct: ScriptedUpstream;

beforeAll(async () => {
  const same = { now: () => NOON, requestIdOf: () => 'req_same' };
  direct = await startScriptedUpstream(same);
  const behind = await startScriptedUpstream(same);
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-differential-'));
  const upstream = { openaiApiKey: testKey('differential'), openaiBaseUrl: behind.baseUrl };
  gateway = new LocalGateway(
    await startLocalWeir({ port: 0, dataDir, keys: {}, awsEndpoints: {}, ...upstream }),
    behind,
    dataDir,
  );
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await direct.stop();
});

beforeEach(() => {
  for (const upstream of [gateway.upstream, direct]) {
    upstream.unscript();
    upstream.otherwise(answer());
  }
});

interface RawReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Posts bytes, and gives those that come back. */
async function post(url: string, key: string, body: string): Promise<RawReply> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  sendRequest(url, { method: 'POST', headers, agent: false }, resolve).once('error', reject).end(body);
  const reply = await promise;
  return { status: reply.statusCode ?? 0, headers: reply.headers, text: (await buffer(reply)).toString() };
}

function bytesOf({ body }: Case): string {
  return typeof body === 'string' ? body : JSON.stringify({ model, ...body });
}

/** The same request on both ways, and what each upstream was sent. */
async function onBothWays(path: string, bytes: string) {
  const before = gateway.upstream.requests.length;
  const [through, straight] = [
    await post(`${gateway.url}/openai/v1/${path}`, gateway.weir.keys.caller, bytes),
    await post(`${direct.baseUrl}/${path}`, 'any', bytes),
  ];
  const [relayed, sent] = [gateway.upstream.requests.at(-1), direct.requests.at(-1)];
  if (!relayed || !sent) throw new Error('a request did not arrive');
  return { through, straight, relayed, sent, attempts: gateway.upstream.requests.length - before };
}

/** What Weir puts into a body that says nothing of it. */
function withBounds(path: Case['path'], sent: Readonly<Record<string, unknown>>): object {
  if (path === 'embeddings' || path === 'moderations') return {};
  const limitName = path === 'responses' ? 'max_output_tokens' : 'max_completion_tokens';
  const hasLimit = 'max_tokens' in sent || limitName in sent;
  return {
    ...(!hasLimit && { [limitName]: OUTPUT_LIMIT }),
    service_tier: sent['service_tier'] ?? 'default',
    store: false,
    safety_identifier: sent['safety_identifier'] ?? expect.stringMatching(/^[\w-]{1,64}$/u),
    ...(path === 'chat/completions' &&
      sent['stream'] === true && {
        stream_options: { ...(sent['stream_options'] as object | undefined), include_usage: true },
      }),
  };
}

/** JSON whose long numbers are told apart by their digits, which JavaScript would round. */
function exact(json: string): Record<string, unknown> {
  const reviver = (_name: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' && source !== undefined && source.length > 15 ? `number ${source}` : value;
  return (JSON.parse as (text: string, reviver: unknown) => Record<string, unknown>)(json, reviver);
}

/** What the caller should get, but for what Weir may leave out: comments before the first event. */
function expected(text: string): string {
  return text.replace(/^(?::.*\r?\n\r?\n)+/u, '');
}

/** What it got, without what Weir adds: its last comment, the heartbeats of slow streams, and what the case lists. */
function received(text: string, { tellsLimit, tellsNoUsage }: Case): string {
  let own = text.replaceAll(': heartbeat\n\n', '').replace(/: weir \{.*\}\n\n$/u, '');
  if (tellsLimit) own = own.replace(`"max_output_tokens":${OUTPUT_LIMIT}`, '"max_output_tokens":null');
  return tellsNoUsage ? own.replaceAll(',"usage":null', '') : own;
}

test.each([...CHAT, ...RESPONSES, ...OTHERS])(
  '$name: the same bytes come back, and the same request goes up',
  async (given) => {
    gateway.upstream.script(given.step);
    direct.script(given.step);
    const { through, straight, relayed, sent, attempts } = await onBothWays(given.path, bytesOf(given));

    expect(attempts).toBe(1);
    expect(through.status).toBe(straight.status);
    expect(through.headers['content-type']).toBe(straight.headers['content-type']);
    expect(received(through.text, given)).toBe(expected(straight.text));
    const isStream = straight.headers['content-type']?.startsWith('text/event-stream');
    if (isStream) expect(through.text).toMatch(/: weir \{"callId":.*\}\n\n$/u);

    expect(relayed.path).toBe(sent.path);
    const asSent = exact(sent.rawBody);
    expect(exact(relayed.rawBody)).toEqual({ ...asSent, ...withBounds(given.path, asSent), ...given.bounds });
  },
);

test('headers: OpenAI’s own and the caller’s key stay on their sides, and Weir’s tell of the call', async () => {
  const bytes = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] });
  const { through, straight, relayed } = await onBothWays('chat/completions', bytes);
  const own = ['x-weir-call-id', 'x-weir-cost-usd', 'x-weir-model', 'x-weir-cache', 'x-weir-attempts'];
  const safety = Object.keys(SECURITY_HEADERS);
  const http = ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding'];
  const known = new Set([...own, ...safety, ...http, 'x-request-id']);
  expect(Object.keys(through.headers).filter((name) => !known.has(name))).toEqual([]);
  expect(Object.keys(through.headers)).toEqual(expect.arrayContaining(own));
  expect(through.headers['x-request-id']).not.toBe(straight.headers['x-request-id']);
  expect(relayed.key).toBe(testKey('differential'));
  expect(JSON.stringify(relayed.headers)).not.toContain(gateway.weir.keys.caller);
});

// What OpenAI says of the caller's own request is told as it said it. Failures that are not the caller's bear Weir's words.
test.each([
  { name: '400', step: badRequest({ param: 'messages', code: 'invalid_value' }), status: 400, isToldOn: true },
  { name: '400 for its length', step: contextLengthExceeded(), status: 400, isToldOn: true },
  { name: '422', step: unprocessable(), status: 422, isToldOn: true },
  { name: '404 for the model', step: modelNotFound(), status: 400, code: 'model_not_found' },
  { name: '401', step: invalidApiKey(), status: 502 },
  { name: '403', step: forbidden(), status: 502 },
  { name: '429', step: rateLimited({ retryAfterSeconds: 900 }), status: 429, retryAfter: '900' },
  { name: '500', step: serverError(), status: 502 },
  { name: '503', step: unavailable(), status: 503 },
  // The last: from here on the breaker keeps this Weir from asking upstream.
  { name: '429 for the quota', step: quotaExhausted(), status: 503, shouldRetry: 'false' },
])('the upstream’s $name is told as a $status', async ({ step, status, code, isToldOn, retryAfter, shouldRetry }) => {
  gateway.upstream.otherwise(step);
  direct.otherwise(step);
  const bytes = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] });
  const { through, straight } = await onBothWays('chat/completions', bytes);
  const [own, theirs] = [through, straight].map(({ text }) => (JSON.parse(text) as { error: object }).error);
  expect(through.status).toBe(status);
  expect(own).toMatchObject(
    isToldOn
      ? theirs!
      : { message: expect.any(String), type: expect.any(String), param: null, code: code ?? expect.any(String) },
  );
  expect(through.text).not.toContain('org-scripted');
  if (retryAfter) expect(through.headers['retry-after']).toBe(retryAfter);
  if (shouldRetry) expect(through.headers['x-should-retry']).toBe(shouldRetry);
});
