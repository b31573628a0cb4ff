import { expect, test } from 'vitest';
import { heldIn } from '#budgets/part.ts';
import { expectBalanced } from '#test/support/counter-balance.ts';
import { holdRequest } from '#test/support/fault-proxy.ts';
import { Gate } from '#test/support/scripted-gate.ts';
import { hang } from '#test/support/scripted-steps.ts';
import { stream } from '#test/support/scripted-stream.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { Pouring } from './pouring.ts';
import { CHAT, hear, WAYS } from './ways.ts';

const IN_5_S = { headers: { 'x-weir-timeout-ms': '5000' } };
const LEDGER = { operation: 'PutItem', bodyIncludes: '-ledger"' };
const SETTLE = { operation: 'UpdateItem', bodyIncludes: ':heldMinusActual' };

/** Some turns of the event loop, in which whatever could go on would have. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

for (const way of WAYS) {
  test(`S6 ${way.entry}: at the deadline ledger and counters are written, then the last event comes, then nothing runs`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(stream({ chunks: ['A weir ', 'holds'], end: 'stall' }));
    const [recording, settling] = [new Gate(), new Gate()];
    weir.dynamoDb.rules.push({ ...LEDGER, fault: holdRequest(recording) }, { ...SETTLE, fault: holdRequest(settling) });
    const reply = await weir.stream(way.entry, { ...way.body, stream: true }, IN_5_S);
    let isOver = false;
    const hearing = hear(reply).finally(() => (isOver = true));
    await weir.clock.advance(5_000);
    for (const gate of [recording, settling]) {
      await gate.reached();
      await someTurns();
      expect(isOver).toBe(false);
      gate.open();
    }
    const heard = await hearing;
    expect([heard.text, heard.error, heard.isWhole]).toEqual(['A weir holds', 'deadline_exceeded', false]);
    expect(heard.events.findLast(({ comment }) => comment === undefined)?.data).toContain('deadline_exceeded');
    expect(await reply.settled).toBeUndefined();
    expect([weir.clock.pending, upstream.requests.length]).toEqual([0, 1]);
    expect(await upstream.requests[0]!.ending).toBe('client left');
    const [entry] = await weir.ledger();
    expect(entry).toMatchObject({ outcome: 'deadline_exceeded', basis: 'estimated' });
    const counter = expectBalanced(await weir.budget(way.entry));
    expect([counter.spentPico, heldIn(counter)]).toEqual([entry!.costPico, 0n]);
    expect(entry!.costPico).toBeGreaterThan(0n);
  });

  test(`S6 ${way.entry}: a deadline before anything came is a status`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(hang());
    const opened = weir.stream(way.entry, { ...way.body, stream: true }, IN_5_S);
    await upstream.received();
    await weir.clock.advance(5_000);
    const reply = await opened;
    expect([reply.status, reply.headers['x-should-retry']]).toEqual([504, 'false']);
    expect(reply.headers['content-type']).toMatch(/json/);
    expect(await reply.settled).toBeUndefined();
    const [entry] = await weir.ledger();
    expect([entry?.outcome, entry?.basis, reply.headers['x-weir-call-id']]).toEqual([
      'deadline_exceeded',
      'unknown',
      entry?.callId,
    ]);
    expect(weir.clock.pending).toBe(0);
  });

  test(`S6 ${way.entry}: a stream may take longer than API Gateway waits for a buffered reply, and ends before Lambda does`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    upstream.script(stream({ chunks: ['A weir '], end: 'stall' }));
    const remainingMs = 50_000;
    const reply = await weir.stream(way.entry, { ...way.body, stream: true }, { remainingMs });
    const hearing = hear(reply);
    await weir.clock.advance(40_000);
    expect(upstream.requests[0]!.clientLeftAtMs).toBeUndefined();
    await weir.clock.advance(9_000);
    const heard = await hearing;
    expect(heard.error).toBe('deadline_exceeded');
    expect(await reply.settled).toBeUndefined();
  });
}

test('S6 a caller who has stopped to read does not keep the books open: they are closed at the deadline', async () => {
  await using upstream = await startScriptedUpstream();
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  const pouring = new Pouring({ chunks: 1_000, chunkBytes: 65_536 });
  upstream.script(pouring.step);
  const reply = await weir.stream(CHAT.entry, { ...CHAT.body, stream: true }, IN_5_S);
  expect(await pouring.atRest()).toBeLessThan(1_000);
  await weir.clock.advance(5_000);
  expect(await upstream.requests[0]!.ending).toBe('client left');
  await expect.poll(async () => (await weir.ledger()).map(({ outcome }) => outcome)).toEqual(['deadline_exceeded']);
  const [entry] = await weir.ledger();
  expect([entry!.basis, entry!.usage.outputTokens]).toEqual(['estimated', 2_000]);
  // What was made is still there for who reads on.
  const text = await reply.text();
  expect(text).toMatch(/"code":"deadline_exceeded"/);
  expect(await reply.settled).toBeUndefined();
});
