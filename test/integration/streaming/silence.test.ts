import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { serving } from '#test/support/haiku.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { lineEndpoint } from './line-endpoint.ts';
import { Pouring } from './pouring.ts';
import { readUntil } from './read-until.ts';
import { CHAT, hearText, WAYS } from './ways.ts';

/** The longest silence of each route, as its definition or the default has it. */
const IDLE_MS = { summarize: 60_000, 'openai/chat-completions': 180_000, 'openai/responses': 180_000 };

for (const way of WAYS) {
  test.each([
    ['says nothing', undefined],
    ['sends comments', 5],
  ])(`S4 ${way.entry}: a model that stops in mid-stream and %s is given up`, async (_, commentEveryMs) => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(
      stream({ chunks: ['Half an ', 'answer'], end: 'stall', ...(commentEveryMs && { commentEveryMs }) }),
    );
    const reply = await weir.stream(way.entry, { ...way.body, stream: true }, { remainingMs: 900_000 });
    const seen = await readUntil(reply, 'answer');
    const comments = () => upstreamComments(seen);
    const half = IDLE_MS[way.entry] / 2;
    await weir.clock.advance(half);
    // What is passed on shows that comments came in all that time, as they did where they are not.
    if (commentEveryMs !== undefined && way.entry !== 'summarize') await readUntil(reply, ': keep-alive', seen);
    await weir.clock.advance(half - 1);
    expect(upstream.requests[0]!.clientLeftAtMs).toBeUndefined();
    await weir.clock.advance(1);
    const rest = await reply.text();
    expect(rest).toContain('upstream_timeout');
    expect(await upstream.requests[0]!.ending).toBe('client left');
    expect([upstream.requests.length, await reply.settled, weir.clock.pending]).toEqual([1, undefined, 0]);
    const [entry] = await weir.ledger();
    expect(entry).toMatchObject({
      outcome: 'upstream_timeout',
      basis: 'estimated',
      attempts: [{ outcome: 'timeout' }],
    });
    expect(entry!.costPico).toBeGreaterThan(0n);
    const counter = expectBalanced(await weir.budget(way.entry));
    expect([counter.spentPico, heldIn(counter)]).toEqual([entry!.costPico, 0n]);
    expect(comments()).toBe(commentEveryMs !== undefined && way.entry !== 'summarize');
  });

  test(`S4 ${way.entry}: a model that writes slowly is not given up`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const pieces = Array.from({ length: 4 }, () => Promise.withResolvers<string>());
    upstream.script(stream({ chunks: eachOf(pieces) }));
    const timeout = { remainingMs: 900_000 };
    const opened = weir.stream(way.entry, { ...way.body, stream: true }, timeout);
    // Together longer than the limit, each less; summarize has 120 s in all.
    const stepMs = (IDLE_MS[way.entry] * 4) / 10;
    const seen: string[] = [];
    for (const [at, { resolve }] of pieces.entries()) {
      resolve(`piece ${at}. `);
      await readUntil(await opened, `piece ${at}`, seen);
      if (at < pieces.length - 1) await weir.clock.advance(stepMs);
    }
    const heard = await hearText(seen.join('') + (await (await opened).text()));
    expect([heard.isWhole, heard.error]).toEqual([true, undefined]);
  });
}

test('S4 a caller who reads slowly is not taken for a model that is silent', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const chunks = 400;
  const pouring = new Pouring({ chunks, chunkBytes: 65_536 });
  upstream.script(pouring.step);
  const reply = await weir.stream(CHAT.entry, { ...CHAT.body, stream: true }, { remainingMs: 900_000 });
  const first = String((await reply.chunks.next()).value);
  expect(await pouring.atRest()).toBeLessThan(chunks);
  // Longer than a model may be silent.
  await weir.clock.advance(400_000);
  const text = first + (await reply.text());
  expect(text).toContain('data: [DONE]');
  expect(text).not.toContain('upstream_timeout');
  expect(text.match(/"content":"\d+ weir/g)).toHaveLength(chunks);
  expect((await weir.ledger())[0]).toMatchObject({ outcome: 'completed', basis: 'exact' });
});

test('an attempt’s own time ends a stream that does not begin, and lets go of one that has begun', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const limits = { timeoutMs: 25_000, maxOutputTokens: 100, attemptTimeoutMs: 5_000 };
  const environment = serving(weir, { line: lineEndpoint({ limits }) });
  const [thinking, more] = [new Gate(), new Gate()];
  const chunks = (async function* () {
    yield 'A weir ';
    await more.pass();
    yield 'holds.';
  })();
  upstream.script(stream({ thinking }), stream({ chunks }));
  const opened = environment.stream('line', { topic: 'rain', stream: true }, { remainingMs: 60_000 });
  await thinking.reached();
  await weir.clock.advance(5_000);
  await more.reached();
  const reply = await opened;
  // Not before the first piece has been heard.
  const seen = await readUntil(reply, 'A weir ');
  await weir.clock.advance(20_000);
  more.open();
  const heard = await hearText(seen.join('') + (await reply.text()));
  expect([heard.text, heard.isWhole, heard.error]).toEqual(['A weir holds.', true, undefined]);
  expect((await weir.ledger())[0]!.attempts.map(({ outcome }) => outcome)).toEqual(['timeout', 'answered']);
});

async function* eachOf(pieces: readonly PromiseWithResolvers<string>[]): AsyncGenerator<string> {
  for (const { promise } of pieces) yield await promise;
}

function upstreamComments(seen: readonly string[]): boolean {
  return seen.join('').includes(': keep-alive');
}
