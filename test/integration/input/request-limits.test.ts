import { afterAll, beforeAll, expect, test } from 'vitest';
import { parameterIn } from '#infra/path-parameters.ts';
import { pathOf, routedEntries, type RoutedEntry } from '#infra/routes.ts';
import { startScriptedUpstream, type ScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { restEvent, type RequestFacts } from '#test/support/lambda-events.ts';
import { startWeir, type Weir } from '#test/support/weir.ts';
import type { HttpReply } from '#edge/http-call.ts';

/** The functions by themselves: what a gateway would have kept away comes to them. */
let upstream: ScriptedUpstream;
let weir: Weir;
beforeAll(async () => {
  upstream = await startScriptedUpstream();
  weir = await startWeir({ baseUrl: upstream.baseUrl });
});
afterAll(async () => {
  await weir[Symbol.asyncDispose]();
  await upstream.stop();
});

async function replyOf(entry: RoutedEntry, facts: Partial<RequestFacts>): Promise<HttpReply & { detail: string }> {
  const resource = pathOf(entry);
  const names = resource.split('/').flatMap((segment) => parameterIn(segment) ?? []);
  const event = restEvent({
    method: entry.spec.method,
    path: resource.replaceAll(/\{\w+\}/g, 'account'),
    resource,
    pathParameters: names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, 'account'])),
    headers: {},
    query: null,
    body: null,
    isBase64: false,
    authorizer: { callerId: 'ada', roles: 'caller,finance,administrator' },
    requestId: 'request-1',
    requestTimeMs: weir.clock.nowMs(),
    ...facts,
  });
  const reply = (await weir.invoke(entry.name, event)) as HttpReply;
  const told = JSON.parse(reply.body) as { detail?: string; error?: { message: string } };
  return { ...reply, detail: told.detail ?? told.error?.message ?? '' };
}

const filled = (count: number, chars: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, 'a'.repeat(chars)]));

test.each<[string, Partial<RequestFacts>, number, RegExp]>([
  [
    'headers of 16 KB together',
    { headers: filled(20, 1_000) },
    431,
    /^headers must have at most 16384 characters together, but 2\d{4} were provided$/,
  ],
  ['one such header', { headers: { 'x-large': 'a'.repeat(17_000) } }, 431, /^headers must have at most 16384/],
  [
    'a path of 9,000 characters',
    { path: `/v1/${'a'.repeat(9_000)}` },
    414,
    /^path and query must have at most 8192 characters together, but 9004 were provided$/,
  ],
  ['a query of as many', { query: { from: 'a'.repeat(9_000) } }, 414, /^path and query must have at most 8192/],
  [
    '33 parameters',
    { query: filled(33, 1) },
    400,
    /^a query must have at most 32 parameters, but 3[3-5] were provided$/,
  ],
])('I6 %s are refused by every function itself, whatever stands before it', async (_what, facts, status, detail) => {
  const entries = routedEntries(weir.entries);
  expect(entries.length).toBeGreaterThan(25);
  for (const entry of entries) {
    const reply = await replyOf(entry, facts);
    expect([entry.name, reply.statusCode]).toEqual([entry.name, status]);
    expect(reply.detail).toMatch(detail);
  }
  expect(upstream.requests).toEqual([]);
});

test('I6 a body past the limit of its route is refused by the function, in base64 too, before it is parsed', async () => {
  const entries = routedEntries(weir.entries).filter(({ spec }) => spec.kind === 'endpoint' || spec.body);
  for (const entry of entries) {
    const { spec } = entry;
    const limitBytes = (spec.kind === 'endpoint' ? spec.limits.maxBodyBytes : undefined) ?? 1_500_000;
    const body = '{'.repeat(limitBytes + 1);
    for (const facts of [{ body }, { body: Buffer.from(body).toString('base64'), isBase64: true }]) {
      const reply = await replyOf(entry, facts);
      expect([entry.name, reply.statusCode]).toEqual([entry.name, 413]);
      expect(reply.detail).toBe(
        `the body must be at most ${limitBytes} bytes long, but ${limitBytes + 1} were provided`,
      );
    }
    const just = await replyOf(entry, { body: Buffer.from('{'.repeat(limitBytes)).toString('base64'), isBase64: true });
    expect([entry.name, just.statusCode]).not.toEqual([entry.name, 413]);
  }
  expect(upstream.requests).toEqual([]);
});

test('I6 what fits under the limits of API Gateway passes: all that it adds itself does too', async () => {
  const health = routedEntries(weir.entries).find(({ name }) => name === 'pages/health')!;
  expect((await replyOf(health, { headers: filled(10, 1_000), authorizer: null })).statusCode).toBe(200);
});
