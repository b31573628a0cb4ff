import { expect, test } from 'vitest';
import { Gate } from '#test/support/scripted-gate.ts';
import { answer } from '#test/support/scripted-steps.ts';
import { startScriptedUpstream } from '#test/support/scripted-upstream.ts';
import { tieredPrices } from '#test/support/tiered-prices.ts';
import { startWeir } from '#test/support/weir.ts';
import { WAYS } from './ways.ts';

const headers = { 'Idempotency-Key': 'order-7' };

for (const way of WAYS) {
  test(`L7 ${way.entry}: an idempotency key on a stream is a 400 that names it, and reaches nobody`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const reply = await weir.stream(way.entry, { ...way.body, stream: true }, { headers });
    const text = await reply.text();
    expect([reply.status, text.includes('Idempotency-Key')]).toEqual([400, true]);
    // Nothing of it is kept: the same key is free for a plain reply.
    const plain = await weir.post(way.entry, way.body, { headers });
    expect([plain.status, plain.headers['x-weir-replayed'], upstream.requests.length]).toEqual([200, undefined, 1]);
  });

  test(`L7 ${way.entry}: a caller with a key who leaves does not stop the work, and a repeat gets the reply`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const gate = new Gate();
    upstream.script(answer({ gate, text: 'A weir holds.' }));
    const leaving = new AbortController();
    const left = weir.stream(way.entry, way.body, { headers, signal: leaving.signal });
    left.catch(() => undefined);
    await gate.reached();
    leaving.abort();
    const meanwhile = await weir.post(way.entry, way.body, { headers });
    expect(meanwhile.status).toBe(409);
    gate.open();
    // Rejects when the handler has settled: nobody was there to be given a head.
    await expect(left).rejects.toThrow();
    const repeat = await weir.post(way.entry, way.body, { headers });
    expect([repeat.status, repeat.headers['x-weir-replayed']]).toEqual([200, 'true']);
    expect(repeat.raw).toContain('A weir holds.');
    expect(upstream.requests).toHaveLength(1);
    expect(await upstream.requests[0]!.ending).toBe('served');
    const entries = await weir.ledger();
    expect(entries).toMatchObject([{ outcome: 'completed', basis: 'exact', costPico: upstream.bill.totalPico }]);
  });

  test(`L7 ${way.entry}: a caller without one who leaves stops it`, async () => {
    await using upstream = await startScriptedUpstream({ prices: tieredPrices });
    await using weir = await startWeir({ baseUrl: upstream.baseUrl });
    const gate = new Gate();
    upstream.script(answer({ gate }));
    const leaving = new AbortController();
    const left = weir.stream(way.entry, way.body, { signal: leaving.signal });
    left.catch(() => undefined);
    await gate.reached();
    leaving.abort();
    await expect(left).rejects.toThrow();
    expect(await upstream.requests[0]!.ending).toBe('client left');
    expect((await weir.ledger()).map(({ outcome }) => outcome)).toEqual(['caller_gone']);
    expect(weir.clock.pending).toBe(0);
  });
}

test('L7 the same key with another stop_when is another request: 422', async () => {
  await using upstream = await startScriptedUpstream({ prices: tieredPrices });
  await using weir = await startWeir({ baseUrl: upstream.baseUrl });
  upstream.otherwise(answer({ text: 'One weir. Two weirs. Three weirs.' }));
  const [summarize] = WAYS;
  const ask = (stop_when: object) => weir.post('summarize', { ...summarize!.body, stop_when }, { headers });
  expect((await ask({ max_characters: 3 })).body).toEqual({ summary: 'One' });
  expect((await ask({ max_sentences: 2 })).status).toBe(422);
  const repeat = await ask({ max_characters: 3 });
  expect([repeat.body, repeat.headers['x-weir-replayed']]).toEqual([{ summary: 'One' }, 'true']);
  // A repeat without it is not the same either.
  expect((await weir.post('summarize', summarize!.body, { headers })).status).toBe(422);
});
