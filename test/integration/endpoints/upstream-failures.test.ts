import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LedgerEntry } from '#ledger/entry.ts';
import { expectBooksToAgree } from '#test/support/books.ts';
import { quotaExhausted, rateLimited, serverError } from '#test/support/scripted-failures.ts';
import { hang } from '#test/support/scripted-steps.ts';
import { ASKED_WAYS, ownEndpoints, PIECES } from './asked-ways.ts';
import { isRouting } from './chat-upstream.ts';
import { FAILURE_ROWS } from './failure-rows.ts';
import { FailingUpstream } from './failing-upstream.ts';

/** Every endpoint of Weir's own meets every failure of the table alike. One that is added is held to it without a word here. */

test('every endpoint of Weir’s own is asked in some way', () => {
  expect(new Set(ASKED_WAYS.map(({ endpoint }) => endpoint))).toEqual(new Set(ownEndpoints.map(({ name }) => name)));
});

describe.each(ASKED_WAYS)('$way', (asked) => {
  // A response that fails has begun: as a stream that is told it is cut in the middle, which is another row.
  const rows = FAILURE_ROWS.filter(({ isOfResponses }) => !isOfResponses || (asked.isWritten && !asked.isTold));
  let failing: FailingUpstream;
  beforeAll(async () => {
    failing = await FailingUpstream.start(asked);
  });
  afterAll(() => failing[Symbol.asyncDispose]());

  const entryOf = async (callId: string | undefined): Promise<LedgerEntry> => {
    const entries = (await failing.weir.ledger()).filter((entry) => entry.callId === callId);
    expect(entries).toHaveLength(1);
    return entries[0]!;
  };

  test.each(rows)('R1 $when: $attempts upstream requests, and $status $code', async (row) => {
    failing.fails(row.step);
    const linesBefore = failing.weir.lines.length;
    const { reply, requests, atHand } = await failing.ask();
    const attempts = row.attempts === 'a model' ? asked.models : row.attempts;
    expect([atHand.length, reply.status, reply.body['code']]).toEqual([attempts, row.status, row.code]);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'x-weir-attempts': String(requests.length),
    });
    expect([
      reply.headers['x-should-retry'],
      reply.headers['retry-after'],
      row.upstreamCode && reply.body['upstreamCode'],
    ]).toEqual([row.isFinal && 'false', row.retryAfter, row.upstreamCode]);
    // OpenAI's own words are for who wrote the request in them.
    expect(reply.body).not.toHaveProperty('upstreamError');
    expect(requests.length - atHand.length).toBeLessThanOrEqual(asked.besides);

    const entry = await entryOf(reply.headers['x-weir-call-id']);
    const failed = entry.attempts.filter(({ outcome }) => outcome !== 'answered');
    expect([entry.outcome, entry.attempts.length, failed.length]).toEqual([row.code, requests.length, attempts]);
    // What is free costs nothing whatever became of it.
    const isUnknown = row.isUnknown && asked.spec.model?.name !== 'moderation';
    if (isUnknown) expect(new Set([entry, ...failed].map(({ basis }) => basis))).toEqual(new Set(['unknown']));
    if (isUnknown) expect(entry.unknownPico).toBeGreaterThan(0n);
    else
      expect([entry.unknownPico, ...failed.map(({ costPico }) => costPico)].every((pico) => pico === 0n)).toBe(
        !row.isBilled,
      );

    const lines = failing.weir.lines.slice(linesBefore);
    const alarms = lines.flatMap((line) => (JSON.parse(line) as { alarm?: string }).alarm ?? []);
    expect(alarms).toEqual(row.alarm === undefined ? [] : [row.alarm]);
    // The upstream quotes keys and names its organisation; neither goes anywhere.
    for (const text of [reply.raw, ...lines]) expect(text).not.toMatch(/org-scripted|sk-proj|first0/);
  });

  test('R2 a used-up quota: one request, none by the next call, and one again when it is half-open', async () => {
    failing.fails(quotaExhausted());
    const environment = failing.weir.newEnvironment();
    expect((await failing.ask({}, environment)).atHand).toHaveLength(1);
    const refused = await failing.ask({}, environment);
    expect([refused.reply.status, refused.reply.body['code'], refused.requests.length]).toEqual([
      503,
      'upstream_quota',
      0,
    ]);
    expect([refused.reply.headers['x-should-retry'], refused.reply.headers['retry-after']]).toEqual(['false', '30']);
    failing.mends();
    await failing.weir.clock.advance(30_000);
    const { reply } = await failing.ask({ headers: { 'cache-control': 'no-store' } }, environment);
    expect(reply.status).toBe(200);
  });

  test('R3 Retry-After: 61 with 20 s left: one request, and 429 with the header', async () => {
    failing.fails(rateLimited({ retryAfterSeconds: 61 }));
    const { reply, atHand } = await failing.ask({ remainingMs: 20_000 });
    expect([reply.status, reply.headers['retry-after'], atHand.length]).toEqual([429, '61', 1]);
  });

  if (asked.isAtHand === isRouting)
    test('R4 the router hangs and Lambda has 10 s left: the call goes on without it, and is answered', async () => {
      failing.fails(hang({ billed: true }));
      const pending = failing.ask({ remainingMs: 10_000, headers: { 'cache-control': 'no-store' } });
      await failing.isFailing();
      await failing.weir.clock.advance(5_000);
      const { reply } = await pending;
      expect(reply.status).toBe(200);
      const { attempts } = await entryOf(reply.headers['x-weir-call-id']);
      expect(attempts).toMatchObject([{ outcome: 'timeout', basis: 'unknown' }, { outcome: 'answered' }]);
    });
  else test('R4 the upstream hangs and Lambda has 10 s left: 504 within 9 s, with the spend settled', hangs);

  async function hangs() {
    const { weir } = failing;
    failing.fails(hang({ billed: true }));
    const startedMs = weir.clock.nowMs();
    const environment = weir.newEnvironment();
    const pending = failing.ask({ remainingMs: 10_000, headers: { 'cache-control': 'no-store' } }, environment);
    await failing.isFailing();
    await weir.clock.advance(8_500);
    const { reply } = await pending;
    expect(weir.clock.nowMs() - startedMs).toBeLessThan(9_000);
    expect([reply.status, reply.body['code'], reply.headers['x-should-retry']]).toEqual([
      504,
      'deadline_exceeded',
      'false',
    ]);
    const entry = await entryOf(reply.headers['x-weir-call-id']);
    expect(entry).toMatchObject({ outcome: 'deadline_exceeded', basis: 'unknown' });
    expect(entry.attempts.at(-1)).toMatchObject({ outcome: 'cancelled', basis: 'unknown' });
    expect(weir.clock.pending).toBe(0);
  }

  if (asked.isStreamed)
    test('R7 a caller who leaves during a backoff ends the call at once', async () => {
      const { weir } = failing;
      failing.fails(serverError());
      failing.waits(0.9);
      const before = failing.atHand.length;
      const leaving = new AbortController();
      const { signal } = leaving;
      const ended = weir
        .newEnvironment()
        .stream(asked.endpoint, asked.body, { signal })
        .then(
          ({ settled }) => settled,
          (error: unknown) => error,
        );
      await failing.inBackoff();
      leaving.abort();
      // The clock is not turned: the backoff of 225 ms never passes, so its end is the caller's doing.
      await ended;
      failing.waits(0);
      expect([weir.clock.pending, failing.atHand.length - before]).toEqual([0, 1]);
      expect((await weir.ledger()).filter(({ outcome }) => outcome === 'caller_gone')).toHaveLength(1);
    });

  test('R6 ten calls that all fail make one retry in all, and one more for ten pieces that were read', async () => {
    failing.fails(serverError());
    const environment = failing.weir.newEnvironment();
    const before = failing.atHand.length;
    for (let call = 0; call < 10; call++) expect((await failing.ask({}, environment)).reply.status).toBe(502);
    const retries = failing.atHand.length - before - 10;
    expect(retries).toBeGreaterThan(0);
    expect(retries).toBeLessThanOrEqual(1 + (asked.besides === PIECES - 1 ? 10 * asked.besides : 0) / 10);
  });

  test('R8 however many tokens there are, retries and fallbacks are two together', async () => {
    const environment = failing.weir.newEnvironment();
    const uncached = { headers: { 'cache-control': 'no-store' } };
    failing.mends();
    for (let answers = 0; answers < 20; answers += 1 + asked.besides) {
      expect((await failing.ask(uncached, environment)).reply.status).toBe(200);
    }
    failing.fails(serverError());
    const { reply, atHand } = await failing.ask(uncached, environment);
    expect([reply.status, atHand.length]).toEqual([502, asked.models > 1 ? 3 : 2]);
    expect(new Set(atHand.map(({ body }) => body.model)).size).toBe(Math.min(2, asked.models));
  });

  test('R9 none of all this was kept: the next call is asked for anew', async () => {
    failing.mends();
    const { reply, atHand } = await failing.ask();
    expect([reply.status, atHand.length]).toEqual([200, 1]);
    if (!asked.isStreamed) expect(['miss', 'bypass']).toContain(reply.headers['x-weir-cache']);
  });

  test('the books agree with the upstream’s bill, and nothing is held any more', async () => {
    // What moderation does is on no bill.
    if (asked.spec.model?.name !== 'moderation')
      await expectBooksToAgree(failing.weir, failing.upstream, asked.endpoint);
    expect([...((await failing.weir.budget(asked.endpoint))?.holds ?? [])]).toEqual([]);
  });
});
